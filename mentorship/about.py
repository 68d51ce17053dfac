"""What a line of the journal is about, in the words of the table of visibility, and whose it is (H12, P8).

Code that hands lines on to somebody asks this first. A line that belongs to both people or to nobody is nobody's own: None.
"""

from __future__ import annotations

from typing import assert_never

from mentorship import commands as c
from mentorship import events as e
from mentorship.people import Side
from mentorship.visibility import Thing


def about(said: c.Command | e.AnyEvent) -> Thing | None:
    """For a command: what its sender does with it. For an event: what the side that it names may read about itself."""
    match said:
        case c.ConfirmExpectations() | e.ExpectationsConfirmed():
            return "expectations"
        case c.ConfirmMeeting() | e.SlotsAccepted():
            return "slot_answers"
        case c.MoveMeeting() | c.Excuse() | c.AskExtension() | e.MoveProposed() | e.ProposalExpired() | e.ExtensionAsked():
            return "meetings"
        case c.CancelMeeting() | e.MeetingCancelled():
            return "cancel_reasons"
        case e.MeetingReported():
            return "attendance" if said.reason is None else "cancel_reasons"  # a person who says that they could not come may say why
        case c.ReportMeeting() | c.Dispute() | e.ExtraMeetingReported():
            return "attendance"
        case e.AbsenceClaimed() | e.AbsenceDisputed() | e.AbsenceStood() | e.AbsenceDropped():
            return "attendance"
        case c.RecordMilestone() | c.ObjectToMilestone() | c.Withdraw() | e.MilestoneRecorded() | e.MilestoneObjected() | e.ReportWithdrawn():
            return "milestones"
        case c.SetGoal() | c.ReportGoal() | e.GoalSet() | e.GoalReported():
            return "goals"
        case c.SubmitPrivately():
            return _privately(said.body)
        case e.FeedbackGiven():
            return "feedback"
        case e.SurveyAnswered():
            return "surveys"
        case e.BenefitsPinned():
            return "pins"
        case e.LadderClimbed():
            return "coordinator_told" if said.do == "coordinator" else "late_count"
        case e.MeetingExcused() | e.EpisodeEnded():
            return "late_count"
        case e.LeaveNoted() | e.LeaveBegan() | e.LeaveOver():
            return "leave"
        case e.MentorshipEnded():
            return "stepped_away"
        case c.Pause() | c.Resume() | c.Extend() | c.WaiveMilestone() | c.Flag() | c.Resolve() | c.End():
            return None
        case c.ApplyPlan() | c.NoteFailedNotice() | c.NoteCertificates():
            return None
        case e.MentorshipStarted() | e.CommandRefused() | e.MeetingMoved() | e.MeetingHeld() | e.MeetingUnheld():
            return None
        case e.MilestoneWaived() | e.MilestoneReached() | e.MilestoneReopened() | e.HalfwayReached() | e.EndApproached() | e.EndReached():
            return None
        case e.MeetingPrepared() | e.MeetingAskedAbout() | e.AlignmentReminded() | e.CheckInDue() | e.SurveyReminded() | e.NoticeFailed():
            return None
        case e.AttentionRaised() | e.AttentionCleared() | e.Paused() | e.PauseProlonged() | e.Resumed() | e.Extended() | e.PlanApplied():
            return None
        case e.CertificatesDecided() | e.CertificatesIssued() | e.MentorshipCompleted():
            return None
        case _:
            assert_never(said)


def side_of(event: e.AnyEvent) -> Side | None:
    """Whose event it is. An end is the event of the one who stepped away, not of the one who wished it."""
    if isinstance(event, e.MentorshipEnded):
        return event.leaver
    side: Side | None = getattr(event, "side", None)
    return side


def _privately(body: c.PrivateBody | None) -> Thing:
    match body:
        case c.SurveyAnswers():
            return "surveys"
        case c.Pins():
            return "pins"
        case c.EndWish():
            return "end_wish"
        case c.Feedback() | None:  # without a body it says nothing, and is as private as the rest
            return "feedback"
        case _:
            assert_never(body)
