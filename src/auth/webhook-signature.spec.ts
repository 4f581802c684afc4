import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../test/support/manual-clock.js';
import type { HookSecret } from './hook-secrets.js';
import { WebhookSignatures } from './webhook-signature.js';

const NOW_S = 1_700_000_000;
const BODY = Buffer.from('{"script_id":"s"}');
const SECRET: HookSecret = { id: 'gen', key: Buffer.alloc(32, 1) };
const OTHER: HookSecret = { id: 'other', key: Buffer.alloc(32, 2) };

function signature(id: string, timestamp: string, body = BODY, secret = SECRET): string {
  const mac = createHmac('sha256', secret.key).update(`${id}.${timestamp}.`).update(body);
  return `v1,${mac.digest('base64')}`;
}

function signed(id: string, timestamp = String(NOW_S), body = BODY): IncomingHttpHeaders {
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signature(id, timestamp, body),
  };
}

function verifier(secrets: readonly HookSecret[] = [SECRET], clock = clockAt()): WebhookSignatures {
  return new WebhookSignatures(() => secrets, clock);
}

const clockAt = (offsetS = 0): ManualClock => new ManualClock((NOW_S + offsetS) * 1_000);

/** The code of the problem, or the id of the principal. */
function outcome(
  signatures: WebhookSignatures,
  headers: IncomingHttpHeaders,
  body: Uint8Array = BODY,
): string {
  const verdict = signatures.verify(headers, body);
  return verdict.ok ? verdict.principal.id : verdict.problem.code;
}

describe('a signed webhook', () => {
  it('comes from the holder of the secret, who may register and nothing more', () => {
    const verdict = verifier().verify(signed('msg_1'), BODY);
    expect(verdict.ok && verdict.principal).toEqual({
      id: 'hook:gen',
      kind: 'hook',
      scopes: new Set(['read', 'write', 'invoke', 'exec']),
      services: null,
    });
  });

  it('verifies as the example of the specification does', () => {
    const key = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64');
    const headers = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    const clock = new ManualClock(1_614_265_330_000);
    const body = Buffer.from('{"test": 2432232314}');
    expect(outcome(verifier([{ id: 'example', key }], clock), headers, body)).toBe('hook:example');
  });

  it('may have an empty body and bytes that are no text', () => {
    const bytes = Buffer.from([0, 0xff, 0xfe]);
    expect(outcome(verifier(), signed('a', undefined, Buffer.alloc(0)), Buffer.alloc(0))).toBe(
      'hook:gen',
    );
    expect(outcome(verifier(), signed('b', undefined, bytes), bytes)).toBe('hook:gen');
  });

  it('is one that has the header, whatever it is worth', () => {
    expect(verifier().isSigned({})).toBe(false);
    expect(verifier().isSigned({ 'webhook-id': 'a' })).toBe(false);
    expect(verifier().isSigned({ 'webhook-signature': '' })).toBe(true);
  });
});

describe('what is refused', () => {
  const good = signed('msg_1');
  const mac = signature('msg_1', String(NOW_S)).slice(3);

  it.each<[string, IncomingHttpHeaders]>([
    ['no headers', {}],
    ['no id', { ...good, 'webhook-id': undefined }],
    ['an empty id', signed('')],
    ['another id', { ...good, 'webhook-id': 'msg_2' }],
    ['an id that is too long', signed('m'.repeat(2_049))],
    ['no timestamp', { ...good, 'webhook-timestamp': undefined }],
    ['another timestamp', { ...good, 'webhook-timestamp': String(NOW_S + 1) }],
    ['a timestamp in milliseconds', signed('msg_1', String(NOW_S * 1_000))],
    ['a timestamp with a fraction', signed('msg_1', `${String(NOW_S)}.0`)],
    ['a timestamp with a sign', signed('msg_1', `+${String(NOW_S)}`)],
    ['a timestamp in words', signed('msg_1', '2023-11-14T22:13:20Z')],
    ['no signature', { ...good, 'webhook-signature': undefined }],
    ['an empty signature', { ...good, 'webhook-signature': '' }],
    ['a signature without a version', { ...good, 'webhook-signature': mac }],
    ['a version without a signature', { ...good, 'webhook-signature': 'v1,' }],
    ['an asymmetric signature', { ...good, 'webhook-signature': `v1a,${mac}` }],
    ['bad base64', { ...good, 'webhook-signature': 'v1,%%%%' }],
    [
      'the signature in hex',
      { ...good, 'webhook-signature': `v1,${Buffer.from(mac, 'base64').toString('hex')}` },
    ],
    ['a signature that was cut off', { ...good, 'webhook-signature': `v1,${mac.slice(0, 20)}` }],
    [
      'a signature with more behind it',
      { ...good, 'webhook-signature': `v1,${mac.replace('=', 'AAAA')}` },
    ],
    [
      'a signature of another secret',
      { ...good, 'webhook-signature': signature('msg_1', String(NOW_S), BODY, OTHER) },
    ],
  ])('%s', (_what, headers) => {
    const verdict = verifier().verify(headers, BODY);
    expect(verdict.ok ? null : [verdict.problem.code, verdict.problem.status]).toEqual([
      'auth.signature-refused',
      401,
    ]);
  });

  it('a body that differs by one byte', () => {
    expect(outcome(verifier(), good, Buffer.from('{"script_id":"t"}'))).toBe(
      'auth.signature-refused',
    );
    expect(outcome(verifier(), good, Buffer.concat([BODY, Buffer.from('\n')]))).toBe(
      'auth.signature-refused',
    );
  });

  it('everything, where there are no secrets', () => {
    expect(outcome(verifier([]), good)).toBe('auth.signature-refused');
  });

  it('an id with a dot, which would let one signature fit two splits of the same bytes', () => {
    const inner = `${String(NOW_S)}.{}`;
    const signatures = verifier();
    const first = signed('msg', undefined, Buffer.from(inner));
    expect(outcome(signatures, first, Buffer.from(inner))).toBe('hook:gen');
    const shifted = { ...first, 'webhook-id': `msg.${String(NOW_S)}` };
    expect(outcome(signatures, shifted, Buffer.from('{}'))).toBe('auth.signature-refused');
  });
});

describe('the tolerance of 5 minutes', () => {
  it.each([
    [-301, 'auth.signature-refused'],
    [-300, 'hook:gen'],
    [0, 'hook:gen'],
    [300, 'hook:gen'],
    [301, 'auth.signature-refused'],
  ])('at %p s from the timestamp gives %p', (offsetS, expected) => {
    expect(outcome(verifier([SECRET], clockAt(offsetS)), signed('msg_1'))).toBe(expected);
  });
});

describe('several signatures and secrets', () => {
  const timestamp = String(NOW_S);
  const ours = signature('msg_1', timestamp);
  const theirs = signature('msg_1', timestamp, BODY, OTHER);
  const withSignatures = (...all: string[]): IncomingHttpHeaders => ({
    ...signed('msg_1'),
    'webhook-signature': all.join(' '),
  });

  it.each([
    ['the only good one at the end', withSignatures('v1a,AAAA', 'v1,AAAA', theirs, ours)],
    ['a good one before rubbish', withSignatures(ours, '', 'v1', 'v9,x', 'v1,%')],
    ['the sixteenth', withSignatures(...Array.from({ length: 15 }, () => theirs), ours)],
  ])('suffice with %s', (_what, headers) => {
    expect(outcome(verifier(), headers)).toBe('hook:gen');
  });

  it('are read up to the sixteenth', () => {
    const headers = withSignatures(...Array.from({ length: 16 }, () => theirs), ours);
    expect(outcome(verifier(), headers)).toBe('auth.signature-refused');
  });

  it('may be of a secret that is being retired', () => {
    expect(outcome(verifier([OTHER, SECRET]), withSignatures(ours))).toBe('hook:gen');
    expect(outcome(verifier([OTHER, SECRET]), withSignatures(theirs))).toBe('hook:other');
  });
});

describe('a replay', () => {
  it('is a conflict, for as long as the timestamp would pass', async () => {
    const clock = clockAt(-300);
    const signatures = verifier([SECRET], clock);
    expect(outcome(signatures, signed('msg_1'))).toBe('hook:gen');
    await clock.advance(600_999);
    const verdict = signatures.verify(signed('msg_1'), BODY);
    expect(verdict.ok ? null : [verdict.problem.code, verdict.problem.status]).toEqual([
      'auth.signature-replayed',
      409,
    ]);
    await clock.advance(1);
    expect(outcome(signatures, signed('msg_1'))).toBe('auth.signature-refused');
  });

  it('is none when the sender signs a retry with the new time, or sends another message', () => {
    const signatures = verifier();
    const sent = [signed('a'), signed('a', String(NOW_S + 1)), signed('b')];
    expect(sent.map((headers) => outcome(signatures, headers))).toEqual(Array(3).fill('hook:gen'));
  });

  it('is found under another signature of the same message', () => {
    const signatures = verifier([SECRET, OTHER]);
    const again = {
      ...signed('a'),
      'webhook-signature': signature('a', String(NOW_S), BODY, OTHER),
    };
    expect(outcome(signatures, signed('a'))).toBe('hook:gen');
    expect(outcome(signatures, again)).toBe('auth.signature-replayed');
  });

  it('cannot be brought about by strangers: a refused message is not remembered', () => {
    const signatures = verifier();
    expect(outcome(signatures, { ...signed('a'), 'webhook-signature': 'v1,AAAA' })).toBe(
      'auth.signature-refused',
    );
    expect(outcome(signatures, signed('a'))).toBe('hook:gen');
  });

  it('is forgotten first for the oldest of very many messages, never for the newest', () => {
    const signatures = verifier();
    for (let count = 0; count <= 20_000; count += 1) {
      expect(outcome(signatures, signed(`m${String(count)}`))).toBe('hook:gen');
    }
    expect(outcome(signatures, signed('m20000'))).toBe('auth.signature-replayed');
    expect(outcome(signatures, signed('m1'))).toBe('auth.signature-replayed');
    expect(outcome(signatures, signed('m0'))).toBe('hook:gen');
  });
});
