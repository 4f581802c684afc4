import { describe, expect, it } from '@jest/globals';
import { signedHeaders, webhookKey } from './webhook-secret.js';

const secretOf = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 1).toString('base64')}`;

describe('webhookKey', () => {
  it.each([24, 32, 64])('reads a secret of %i bytes', (bytes) => {
    expect(webhookKey(secretOf(bytes))).toEqual(Buffer.alloc(bytes, 1));
  });

  it.each([
    ['too short', secretOf(23)],
    ['too long', secretOf(65)],
    ['without its prefix', Buffer.alloc(32).toString('base64')],
    ['not base64', `whsec_${'*'.repeat(44)}`],
    ['empty', ''],
  ])('refuses one that is %s', (_what, secret) => {
    expect(webhookKey(secret)).toBeNull();
  });
});

it('signs as the example of the specification does', () => {
  const key = webhookKey('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
  const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
  const headers = signedHeaders(key ?? Buffer.alloc(0), id, 1_614_265_330, '{"test": 2432232314}');
  expect(headers).toEqual({
    'webhook-id': id,
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  });
});
