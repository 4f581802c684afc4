import { describe, expect, it } from '@jest/globals';
import type { IncomingMessage } from 'node:http';
import { isOriginForm, RequestGate, type GatePolicy } from './request-gate.js';

const POLICY: GatePolicy = { port: 8090, publicUrl: null, allowedHosts: [], allowedOrigins: [] };

interface Sent {
  readonly method?: string;
  readonly url?: string;
  /** As they stand on the wire; a repeated Host is dropped from the parsed ones, as Node does. */
  readonly raw?: readonly (readonly [string, string])[];
  readonly [header: string]: unknown;
}

/** A request to `localhost:8090`, unless `host` says otherwise; the other members are headers. */
function request({ method = 'GET', url = '/', raw, ...members }: Sent): IncomingMessage {
  const written =
    raw ?? (Object.entries({ host: 'localhost:8090', ...members }) as [string, string][]);
  const headers: Record<string, string> = {};
  for (const [name, value] of written) headers[name.toLowerCase()] ??= value;
  return { method, url, headers, rawHeaders: written.flat() } as unknown as IncomingMessage;
}

function codeOf(sent: Sent, policy: Partial<GatePolicy> = {}): string | null {
  return new RequestGate({ ...POLICY, ...policy }).check(request(sent))?.code ?? null;
}

const JSON_TYPE = { 'content-type': 'application/json', 'content-length': '2' };

describe('the request target', () => {
  it.each([['/'], ['/api/v1/services?q=a'], ['//double'], ['/a%23b'], ['/?http://x']])(
    '%p is a path',
    (url) => {
      expect(isOriginForm(url)).toBe(true);
      expect(codeOf({ url })).toBeNull();
    },
  );

  it.each([
    ['http://localhost:8090/api/v1/backups'],
    ['/api/v1/backups#x'],
    ['/a?b#c'],
    ['api/v1/backups'],
    ['\\api'],
    ['*'],
    [''],
  ])('%p is refused, because the router behind might see another path in it', (url) => {
    expect(isOriginForm(url)).toBe(false);
    expect(codeOf({ url })).toBe('auth.target-malformed');
  });

  it('may be the asterisk of OPTIONS', () => {
    expect(codeOf({ method: 'OPTIONS', url: '*' })).toBeNull();
  });
});

describe('the Host header', () => {
  it.each([
    ['localhost'],
    ['LOCALHOST:8090'],
    ['localhost.'],
    ['127.0.0.1:8090'],
    ['[::1]:8090'],
    ['localhost:1'],
  ])('%p is this machine, whatever port leads here', (host) => {
    expect(codeOf({ host })).toBeNull();
  });

  it.each([
    ['a name that was rebound to loopback', 'evil.example'],
    ['the same with our port', 'evil.example:8090'],
    ['a name that begins like ours', 'localhost.evil.example'],
    ['a name that ends like ours', 'evil-localhost'],
    ['an address under a wildcard name server', '127.0.0.1.nip.example'],
    ['the unspecified address', '0.0.0.0:8090'],
    ['another loopback address', '127.0.0.2'],
    ['loopback as one number', '2130706433'],
    ['loopback in short', '127.1'],
    ['loopback mapped into IPv6', '[::ffff:127.0.0.1]'],
    ['an address of the network', '192.168.1.2'],
  ])('is refused when it is %s', (_what, host) => {
    const refusal = new RequestGate(POLICY).check(request({ host }));
    expect([refusal?.status, refusal?.code]).toEqual([403, 'auth.host-refused']);
  });

  it.each([
    ['empty', ''],
    ['a user and a host', 'localhost@evil.example'],
    ['two hosts in one', 'localhost, evil.example'],
    ['a host and a path', 'localhost/evil'],
    ['a bare IPv6 address', '::1'],
    ['a port that there is not', 'localhost:99999'],
  ])('is malformed when it is %s', (_what, host) => {
    expect(codeOf({ host })).toBe('auth.host-malformed');
  });

  it.each<[string, readonly (readonly [string, string])[]]>([
    ['absent', []],
    [
      'there twice',
      [
        ['Host', 'localhost'],
        ['Host', 'localhost'],
      ],
    ],
    [
      'there twice in two spellings, the good one first',
      [
        ['host', 'localhost'],
        ['accept', '*/*'],
        ['hOsT', 'evil.example'],
      ],
    ],
  ])('is malformed when it is %s', (_what, raw) => {
    const gate = new RequestGate(POLICY);
    expect(gate.check(request({}))).toBeNull();
    const refusal = gate.check(request({ raw }));
    expect([refusal?.status, refusal?.code]).toEqual([400, 'auth.host-malformed']);
  });

  it('is not mistaken for a value that reads "host"', () => {
    const raw = [['Host', 'localhost'] as const, ['x-kind', 'host'] as const];
    expect(codeOf({ raw })).toBeNull();
  });

  it('may be the host of the public URL, on any port', () => {
    const policy = { publicUrl: 'https://pub.example/base' };
    expect(codeOf({ host: 'PUB.example' }, policy)).toBeNull();
    expect(codeOf({ host: 'pub.example:8090' }, policy)).toBeNull();
    expect(codeOf({ host: 'sub.pub.example' }, policy)).toBe('auth.host-refused');
  });

  it('may be an allowed one: on its port when it has one, else on any', () => {
    const policy = { allowedHosts: ['A.example', 'b.example:81', '[fe80::1]'] };
    expect(codeOf({ host: 'a.example:9' }, policy)).toBeNull();
    expect(codeOf({ host: 'b.example:81' }, policy)).toBeNull();
    expect(codeOf({ host: '[FE80::1]:8090' }, policy)).toBeNull();
    expect(codeOf({ host: 'b.example:82' }, policy)).toBe('auth.host-refused');
    expect(codeOf({ host: 'b.example' }, policy)).toBe('auth.host-refused');
  });

  it('is judged alike the second time, and after many others', () => {
    const gate = new RequestGate({ ...POLICY, publicUrl: 'http://pub.example' });
    for (let port = 0; port < 600; port += 1) {
      expect(gate.check(request({ host: `pub.example:${String(port)}` }))).toBeNull();
      expect(gate.check(request({ host: 'evil.example' }))?.code).toBe('auth.host-refused');
    }
  });
});

describe('the Origin header', () => {
  it.each([
    ['http://localhost:8090'],
    ['http://127.0.0.1:8090'],
    ['http://[::1]:8090'],
    ['https://localhost:8090'],
  ])('%p is ours, whichever of our names was asked', (origin) => {
    expect(codeOf({ origin, host: '127.0.0.1:8090' })).toBeNull();
  });

  it.each([
    ['a page in a sandbox or a file', 'null'],
    ['nothing', ''],
    ['another site', 'https://evil.example'],
    ['another site on our port', 'http://evil.example:8090'],
    ['another server on this machine', 'http://localhost:3000'],
    ['a server on the usual port of this machine', 'http://localhost'],
    ['a user that reads like us', 'http://localhost:8090@evil.example'],
    ['a name that begins like us', 'http://localhost:8090.evil.example'],
    ['a subdomain', 'http://x.localhost:8090'],
    ['two origins', 'http://localhost:8090, http://evil.example'],
    ['ours with a path', 'http://localhost:8090/'],
    ['an extension', 'chrome-extension://abcdef'],
    ['another scheme', 'ws://localhost:8090'],
  ])('is refused when it is %s', (_what, origin) => {
    const gate = new RequestGate(POLICY);
    for (const method of ['GET', 'POST', 'OPTIONS', 'DELETE']) {
      const refusal = gate.check(request({ method, origin, ...JSON_TYPE }));
      expect([refusal?.status, refusal?.code]).toEqual([403, 'auth.origin-refused']);
    }
  });

  it('is not trusted because the Host repeats it: a rebound name fails by its Host', () => {
    const sent = { host: 'evil.example:8090', origin: 'http://evil.example:8090' };
    expect(codeOf(sent)).toBe('auth.host-refused');
  });

  it.each([
    ['https://pub.example', 'pub.example', null],
    ['https://pub.example', 'localhost:8090', null],
    ['https://PUB.example:443', 'pub.example', null],
    ['http://pub.example:8090', 'pub.example:8090', null],
    ['http://pub.example', 'pub.example', 'auth.origin-refused'],
    ['https://pub.example:444', 'pub.example', 'auth.origin-refused'],
    ['https://sub.pub.example', 'pub.example', 'auth.origin-refused'],
  ])('%p at the host %p with a public URL: %p', (origin, host, code) => {
    expect(codeOf({ origin, host }, { publicUrl: 'https://pub.example' })).toBe(code);
  });

  it.each([
    ['http://10.0.0.5:8090', '10.0.0.5:8090', null],
    ['http://10.0.0.5', '10.0.0.5', null],
    ['https://10.0.0.5', '10.0.0.5', null],
    ['http://10.0.0.5:3000', '10.0.0.5:8090', 'auth.origin-refused'],
    ['http://10.0.0.5:8090', 'localhost:8090', 'auth.origin-refused'],
  ])('%p at the allowed host %p: %p', (origin, host, code) => {
    expect(codeOf({ origin, host }, { allowedHosts: ['10.0.0.5'] })).toBe(code);
  });

  it.each([
    ['https://console.example', null],
    ['https://CONSOLE.example:443', null],
    ['http://console.example', 'auth.origin-refused'],
    ['https://console.example:8443', 'auth.origin-refused'],
    ['https://console.example.evil.example', 'auth.origin-refused'],
    ['null', 'auth.origin-refused'],
  ])('%p where one origin is allowed: %p', (origin, code) => {
    expect(codeOf({ origin }, { allowedOrigins: ['https://console.example', 'null'] })).toBe(code);
  });
});

describe('requests of other sites that name no origin', () => {
  const cross = { 'sec-fetch-site': 'cross-site' };
  const visit = { ...cross, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };

  it.each<[string, Sent, string | null]>([
    ['a person follows a link', visit, null],
    ['an image or a script is loaded', { ...cross, 'sec-fetch-mode': 'no-cors' }, 'refused'],
    ['a frame is opened', { ...visit, 'sec-fetch-dest': 'iframe' }, 'refused'],
    ['a form is sent', { ...visit, method: 'POST', ...JSON_TYPE }, 'refused'],
    ['our own page loads something', { 'sec-fetch-site': 'same-origin' }, null],
    ['an address was typed in', { 'sec-fetch-site': 'none' }, null],
    ['a program asks', {}, null],
  ])('when %s', (_what, sent, verdict) => {
    expect(codeOf(sent)).toBe(verdict === null ? null : 'auth.origin-refused');
  });
});

describe('the body', () => {
  it.each([
    ['POST', 'application/json', null],
    ['POST', 'Application/JSON; charset=utf-8', null],
    ['PUT', 'application/json ;x', null],
    ['PATCH', 'application/json', null],
    ['PATCH', 'application/merge-patch+json', null],
    ['POST', 'application/merge-patch+json', 'auth.content-type-refused'],
    ['POST', 'application/yaml', 'auth.content-type-refused'],
    ['POST', 'text/plain', 'auth.content-type-refused'],
    ['POST', 'text/plain; application/json', 'auth.content-type-refused'],
    ['POST', 'text/plain;a="application/json', 'auth.content-type-refused'],
    ['POST', 'application/x-www-form-urlencoded', 'auth.content-type-refused'],
    ['POST', 'multipart/form-data; boundary=application/json', 'auth.content-type-refused'],
    ['POST', 'application/jsonp', 'auth.content-type-refused'],
    ['POST', 'application/json, text/plain', 'auth.content-type-refused'],
    ['POST', '', 'auth.content-type-refused'],
    ['POST', undefined, 'auth.content-type-refused'],
    ['DELETE', 'text/plain', 'auth.content-type-refused'],
  ])('of a %s of the type %p: %p', (method, type, code) => {
    const typed = type === undefined ? {} : { 'content-type': type };
    expect(codeOf({ method, ...typed, 'content-length': '2' })).toBe(code);
    expect(codeOf({ method, ...typed, 'transfer-encoding': 'chunked' })).toBe(code);
  });

  it('says what is accepted', () => {
    const sent = { method: 'PATCH', 'content-type': 'text/plain', 'content-length': '2' };
    const refusal = new RequestGate(POLICY).check(request(sent));
    expect(refusal?.status).toBe(415);
    expect(refusal?.detail).toContain('application/merge-patch+json');
    expect(refusal?.headers).toEqual({ Accept: 'application/json' });
  });

  it('is wanted by no GET, HEAD or OPTIONS, whatever they say', () => {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      expect(codeOf({ method, 'content-type': 'text/plain', 'content-length': '2' })).toBeNull();
    }
  });
});

describe('a write without a body', () => {
  it.each<[string, Sent, string | null]>([
    ['a bare POST, as any page can send it', {}, 'auth.own-header-missing'],
    ['one that says its length is 0', { 'content-length': '0' }, 'auth.own-header-missing'],
    ['one with the type of a form', { 'content-type': 'text/plain' }, 'auth.own-header-missing'],
    ['one with headers that pages may send', { accept: '*/*' }, 'auth.own-header-missing'],
    ['one with the JSON type', { 'content-type': 'application/json' }, null],
    ['one with a header of our own', { 'x-requested-with': 'curl' }, null],
    ['one with a key', { 'x-api-key': 'k' }, null],
    ['one with an idempotency key', { 'idempotency-key': '1' }, null],
    ['one of our own page', { origin: 'http://localhost:8090' }, null],
  ])('is judged by what a page could not send: %s', (_what, sent, code) => {
    expect(codeOf({ method: 'POST', ...sent })).toBe(code);
  });

  it.each([['PUT'], ['PATCH'], ['DELETE']])('is fine as %s, which needs a preflight', (method) => {
    expect(codeOf({ method })).toBeNull();
  });
});

describe('corsHeaders', () => {
  const gate = new RequestGate({ ...POLICY, allowedOrigins: ['https://console.example'] });
  const origin = 'https://console.example';

  it('answers the origin that asked, never a wildcard, and no credentials', () => {
    const headers = gate.corsHeaders(request({ origin }));
    expect(headers).toMatchObject({ 'Access-Control-Allow-Origin': origin, Vary: 'Origin' });
    expect(headers?.['Access-Control-Expose-Headers']).toContain('Mcp-Session-Id');
    expect(headers).not.toHaveProperty('Access-Control-Allow-Credentials');
    expect(headers).not.toHaveProperty('Access-Control-Allow-Methods');
  });

  it.each([[undefined], ['null'], ['https://evil.example']])('has none for %p', (other) => {
    expect(gate.corsHeaders(request(other === undefined ? {} : { origin: other }))).toBeNull();
  });

  it('has none for a page of a rebound name, even before the Host is checked', () => {
    const sent = { host: 'evil.example:8090', origin: 'http://evil.example:8090' };
    expect(gate.corsHeaders(request(sent))).toBeNull();
  });

  it('answers a preflight with the headers that were asked for', () => {
    const wanted = 'content-type, mcp-session-id,x-own';
    const headers = gate.corsHeaders(
      request({ method: 'OPTIONS', origin, 'access-control-request-headers': wanted }),
    );
    expect(headers?.['Access-Control-Allow-Headers']).toBe(wanted);
    expect(headers?.['Access-Control-Allow-Methods']).toContain('DELETE');
    expect(headers).not.toHaveProperty('Access-Control-Allow-Private-Network');
  });

  it.each([['a b'], ['a,,b'], ['x"y'], [undefined]])(
    'answers its own list where the wish %p is none',
    (wanted) => {
      const wish = wanted === undefined ? {} : { 'access-control-request-headers': wanted };
      const headers = gate.corsHeaders(request({ method: 'OPTIONS', origin, ...wish }));
      expect(headers?.['Access-Control-Allow-Headers']).toContain('mcp-protocol-version');
    },
  );

  it('lets an allowed page of the network reach this machine', () => {
    const wish = { 'access-control-request-private-network': 'true' };
    const headers = gate.corsHeaders(request({ method: 'OPTIONS', origin, ...wish }));
    expect(headers?.['Access-Control-Allow-Private-Network']).toBe('true');
  });
});

describe('a page of one service', () => {
  const gate = new RequestGate(POLICY);
  const origin = 'https://team.example';
  const pages = { origins: [origin], methods: ['POST'], headers: ['x-team'] };
  const post = { method: 'POST', url: '/mcp/a', origin, ...JSON_TYPE };

  it('passes where the service lists it, and nowhere else', () => {
    expect(gate.check(request(post), pages)).toBeNull();
    expect(gate.check(request(post))?.code).toBe('auth.origin-refused');
    const other = { ...post, method: 'DELETE' };
    expect(gate.check(request(other), pages)?.code).toBe('auth.origin-refused');
    expect(gate.check(request({ ...post, host: 'evil.example' }), pages)?.code).toBe(
      'auth.host-refused',
    );
  });

  it('is told in a preflight what the service lets it use', () => {
    const wish = { 'access-control-request-headers': 'x-other' };
    const asked = request({ method: 'OPTIONS', url: '/mcp/a', origin, ...wish });
    const headers = gate.corsHeaders(asked, pages);
    expect(headers).toMatchObject({
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Allow-Methods': 'POST',
    });
    expect(headers?.['Access-Control-Allow-Headers']).toMatch(/mcp-session-id.*, x-team$/);
    expect(headers?.['Access-Control-Allow-Headers']).not.toContain('x-other');
    expect(gate.corsHeaders(asked)).toBeNull();
  });
});
