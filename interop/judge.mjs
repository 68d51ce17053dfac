// Independent verifiers judge our certificates, without a network: `node judge.mjs PYTHON`.
// What they ask of the issuer's web site is answered from examples/site.json; any other address is refused and counted as a failure.
import {execFileSync} from 'node:child_process';
import {readFileSync, existsSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const examples = join(here, 'examples');
execFileSync(process.argv[2] ?? 'python3', [join(here, 'examples.py'), examples], {stdio: 'inherit'});
const read = name => JSON.parse(readFileSync(join(examples, `${name}.json`), 'utf8'));
const [cases, site, contexts] = ['cases', 'site', 'contexts'].map(read);

// The official schema may not be copied into this repository; where it lies beside it, it is what verifier-core is given.
const schemaAddress = 'https://purl.imsglobal.org/spec/ob/v3p0/schema/json/ob_v3p0_achievementcredential_schema.json';
const schemaFile = join(here, '../../shared/data/credentials/ob_v3p0_achievementcredential_schema.json');
const schema = existsSync(schemaFile) ? JSON.parse(readFileSync(schemaFile, 'utf8')) : undefined;

const asked = new Set();
const strayed = new Set();
globalThis.fetch = async request => {
  const url = typeof request === 'string' ? request : request.url ?? String(request);
  const found = site[url] ?? (url === schemaAddress ? schema : undefined);
  (found || url === schemaAddress ? asked : strayed).add(url);
  if(!found) {
    throw new TypeError(`offline: ${url}`);
  }
  return new Response(JSON.stringify(found), {status: 200, headers: {'content-type': 'application/json'}});
};

const {verifyCredential} = await import('@digitalcredentials/verifier-core');
const vc = await import('@digitalbazaar/vc');
const {DataIntegrityProof} = await import('@digitalbazaar/data-integrity');
const {cryptosuite} = await import('@digitalbazaar/eddsa-rdfc-2022-cryptosuite');

// -- @digitalcredentials/verifier-core: signature, expiry, revocation, schema ------------------------------------------------------

async function core(credential) {
  const {error, log, warn} = console;
  console.error = console.log = console.warn = () => {};  // it says aloud what it thinks of the schema
  let found;
  try {
    found = await verifyCredential({credential, knownDIDRegistries: []});
  } finally {
    Object.assign(console, {error, log, warn});
  }
  if(found.errors) {
    return {says: 'altered', why: found.errors.map(error => error.name).join(', ')};
  }
  const step = name => found.log.find(entry => entry.id === name);
  const schemas = found.additionalInformation?.find(entry => entry.id === 'schema_check')?.results;
  const fits = Array.isArray(schemas) ? schemas.every(one => one.result.valid) : undefined;
  if(!step('valid_signature')?.valid) {
    return {says: 'altered', why: 'valid_signature', fits};
  }
  if(!step('expiration')?.valid) {
    return {says: 'expired', fits};
  }
  const status = step('revocation_status');
  if(status?.error) {
    return {says: 'status unknown', why: status.error.message, fits};
  }
  return {says: status && !status.valid ? 'revoked' : 'valid', fits, listed: Boolean(status)};
}

// -- @digitalbazaar/vc: signature and expiry; revocation with its own hook, fed from the issuer's list ------------------------------

const fileOf = {
  'https://www.w3.org/ns/credentials/v2': 'credentials-v2.json',
  'https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json': 'ob-v3p0-context-3.0.3.json',
  'https://w3id.org/security/data-integrity/v2': 'security-data-integrity-v2.json',
  'https://w3id.org/security/multikey/v1': 'security-multikey-v1.json'
};
const didContexts = ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'];

function didDocument(did) {
  if(did.startsWith('did:key:')) {
    const id = `${did}#${did.slice('did:key:'.length)}`;
    const method = {id, type: 'Multikey', controller: did, publicKeyMultibase: did.slice('did:key:'.length)};
    return {'@context': didContexts, id: did, verificationMethod: [method], assertionMethod: [id]};
  }
  return site[`https://${did.slice('did:web:'.length)}/.well-known/did.json`];
}

async function documentLoader(url) {
  let document = contexts[fileOf[url]] ?? site[url];
  if(url.startsWith('did:')) {
    const [did, fragment] = url.split('#');
    const controller = didDocument(did);
    const method = controller?.verificationMethod.find(one => one.id === url);
    document = fragment ? method && {'@context': didContexts[1], ...method} : controller;
  }
  if(!document) {
    throw new Error(`unknown: ${url}`);
  }
  return {contextUrl: null, documentUrl: url, document};
}

async function checkStatus({credential}) {
  const [entry] = [credential.credentialStatus].flat();
  const list = site[entry.statusListCredential];
  const genuine = await vc.verifyCredential({credential: list, suite: new DataIntegrityProof({cryptosuite}), documentLoader});
  const {gunzipSync} = await import('node:zlib');
  const bits = gunzipSync(Buffer.from(list.credentialSubject.encodedList.slice(1), 'base64url'));
  const index = Number(entry.statusListIndex);
  const revoked = (bits[index >> 3] >> (7 - (index & 7))) & 1;
  return {verified: genuine.verified && !revoked, error: revoked ? new Error('revoked') : genuine.error};
}

async function bazaar(credential) {
  const found = await vc.verifyCredential({credential, suite: new DataIntegrityProof({cryptosuite}), documentLoader, checkStatus});
  if(found.verified) {
    return {says: 'valid'};
  }
  const told = [found.error, ...found.error?.errors ?? [], found.statusResult?.error].filter(Boolean);
  const why = told.map(error => `${error.name}: ${error.message}`).join(' | ');
  if(/after "validUntil"/.test(why)) {
    return {says: 'expired', why};
  }
  if(found.statusResult && !found.statusResult.verified && found.results?.every(one => one.verified)) {
    return {says: 'revoked', why};
  }
  return {says: 'altered', why};
}

// -- the verdict --------------------------------------------------------------------------------------------------------------------

// A key that is not the named one cannot be told from a changed document by whoever only sees that the signature does not fit.
const accepts = {'wrong key': ['altered'], valid: ['valid'], altered: ['altered'], expired: ['expired'], revoked: ['revoked']};
let wrong = 0;
for(const {name, says, document} of cases) {
  for(const [judge, ask] of [['verifier-core', core], ['digitalbazaar/vc', bazaar]]) {
    const found = await ask(structuredClone(document));
    const right = accepts[says].includes(found.says) && found.fits !== false;
    wrong += !right;
    const more = [found.fits === true ? 'fits the official schema' : '', right ? '' : found.why ?? ''].filter(Boolean).join('; ');
    console.log(`${right ? 'ok   ' : 'WRONG'} ${judge.padEnd(16)} ${found.says.padEnd(8)} ${name}${more ? ` (${more})` : ''}`);
  }
}
for(const url of strayed) {
  console.log(`WRONG somebody asked ${url}, which is not the issuer's`);
}
console.log(`${2 * cases.length} verdicts, ${wrong} wrong; asked of the issuer's site: ${[...asked].filter(url => url !== schemaAddress).join(', ') || 'nothing'}`);
process.exit(wrong || strayed.size ? 1 : 0);
