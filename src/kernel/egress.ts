/** What kind of place an IP address names. */
export type AddressKind =
  | 'public'
  | 'loopback'
  | 'private'
  | 'link-local'
  | 'metadata'
  | 'unspecified'
  | 'multicast'
  | 'reserved'
  | 'invalid';

/** `any` allows loopback and private ranges, `public` refuses them. */
export type EgressPolicy = 'any' | 'public';

/** Where we listen ourselves. `0.0.0.0` and `::` stand for every loopback address; further ones are listed beside them. */
export interface OwnListener {
  readonly address: string;
  readonly port: number;
}

/** Groups of an IPv6 address that begin with these bits are of that kind (RFC 4291, 4193, 6666, 3849, 9637). */
const V6_KINDS: readonly (readonly [first: number, mask: number, kind: AddressKind])[] = [
  [0xfe80, 0xffc0, 'link-local'],
  [0xfec0, 0xffc0, 'private'],
  [0xfc00, 0xfe00, 'private'],
  [0xff00, 0xff00, 'multicast'],
  [0x0100, 0xffff, 'reserved'],
  [0x3fff, 0xfff0, 'reserved'],
];

/** Ranges of IPv4 that are not public (RFC 6890 and its registry). The first that fits counts. */
const V4_KINDS: readonly (readonly [address: string, bits: number, kind: AddressKind])[] = [
  ['0.0.0.0', 8, 'unspecified'],
  ['127.0.0.0', 8, 'loopback'],
  ['169.254.0.0', 16, 'link-local'],
  ['10.0.0.0', 8, 'private'],
  ['172.16.0.0', 12, 'private'],
  ['192.168.0.0', 16, 'private'],
  ['100.100.100.200', 32, 'metadata'],
  ['100.64.0.0', 10, 'private'],
  ['192.0.0.0', 24, 'reserved'],
  ['192.0.2.0', 24, 'reserved'],
  ['198.18.0.0', 15, 'reserved'],
  ['198.51.100.0', 24, 'reserved'],
  ['203.0.113.0', 24, 'reserved'],
  ['224.0.0.0', 4, 'multicast'],
  ['240.0.0.0', 4, 'reserved'],
];

const METADATA_V4 = v4Number('169.254.169.254');

/** Kinds that no policy allows: nothing there is an MCP server, and the metadata service hands out credentials. */
const NEVER: readonly AddressKind[] = [
  'link-local',
  'metadata',
  'unspecified',
  'multicast',
  'reserved',
  'invalid',
];

/** Classifies an IPv4 or IPv6 address in text form. An IPv4 address embedded in an IPv6 one is looked through. */
export function classifyAddress(address: string): AddressKind {
  const v4 = v4Number(address);
  if (v4 !== null) return classifyV4(v4);
  const groups = v6Groups(address.replace(/%.*$/, ''));
  return groups === null ? 'invalid' : classifyV6(groups);
}

/**
 * Why a connection to `address` (after DNS) is refused, as a sentence, or `null` when it is allowed. Without `port` the
 * check against our own listeners is left out.
 */
export function refusalOf(
  address: string,
  policy: EgressPolicy,
  ownListeners: readonly OwnListener[] = [],
  port?: number,
): string | null {
  const kind = classifyAddress(address);
  if (NEVER.includes(kind)) return `${address} is a ${kind} address, which is never allowed`;
  if (policy === 'public' && kind !== 'public') {
    return `${address} is a ${kind} address, and only public ones are allowed`;
  }
  const own = ownListeners.some(
    (listener) => listener.port === port && namesListener(address, kind, listener.address),
  );
  return own ? `${address} port ${port ?? 0} is this gateway itself` : null;
}

function namesListener(address: string, kind: AddressKind, listener: string): boolean {
  const listenerKind = classifyAddress(listener);
  if (listenerKind === 'unspecified' || listener === 'localhost') return kind === 'loopback';
  return canonical(address) === canonical(listener);
}

function canonical(address: string): string {
  const groups = v6Groups(address.replace(/%.*$/, ''));
  if (groups === null) return address;
  const embedded = embeddedV4(groups);
  if (embedded === null) return groups.join(':');
  return [24, 16, 8, 0].map((shift) => (embedded >>> shift) & 255).join('.');
}

function classifyV4(address: number): AddressKind {
  if (address === METADATA_V4) return 'metadata';
  for (const [base, bits, kind] of V4_KINDS) {
    const mask = bits === 32 ? 0xffffffff : ~(0xffffffff >>> bits) >>> 0;
    if ((address & mask) >>> 0 === v4Number(base)) return kind;
  }
  return 'public';
}

function classifyV6(groups: readonly number[]): AddressKind {
  const text = groups.map((group) => group.toString(16)).join(':');
  if (text === '0:0:0:0:0:0:0:0') return 'unspecified';
  if (text === '0:0:0:0:0:0:0:1') return 'loopback';
  if (text === 'fd00:ec2:0:0:0:0:0:254' || text === 'fd20:ce:0:0:0:0:0:254') return 'metadata';
  const embedded = embeddedV4(groups);
  if (embedded !== null) return classifyV4(embedded);
  const [first = 0, second = 0] = groups;
  for (const [value, mask, kind] of V6_KINDS) if ((first & mask) === value) return kind;
  if (first === 0x2001 && (second === 0xdb8 || second < 0x200)) return 'reserved';
  return (first & 0xe000) === 0x2000 ? 'public' : 'reserved';
}

/** The IPv4 address inside a mapped, compatible, NAT64 (RFC 6052, 8215) or 6to4 (RFC 3056) address, or `null`. */
function embeddedV4(groups: readonly number[]): number | null {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = groups;
  const last = ((g << 16) | h) >>> 0;
  if (a === 0x2002) return ((b << 16) | c) >>> 0;
  if (a === 0x64 && b === 0xff9b) return last;
  if ((a | b | c | d) !== 0) return null;
  return (e === 0 && (f === 0 || f === 0xffff)) || (e === 0xffff && f === 0) ? last : null;
}

/** The 32 bits of a dotted IPv4 address, or `null` when it is none. Octal and short forms are none. */
function v4Number(text: string): number | null {
  const parts = text.split('.');
  if (parts.length !== 4) return null;
  let value = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return null;
    value = value * 256 + Number(part);
  }
  return value;
}

/** The eight groups of an IPv6 address, or `null` when it is none. */
function v6Groups(text: string): number[] | null {
  const halves = text.split('::');
  if (halves.length > 2 || !text.includes(':')) return null;
  const head = readGroups(halves[0] ?? '');
  const tail = halves.length === 2 ? readGroups(halves[1] ?? '') : [];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  return [...head, ...Array.from({ length: missing }, () => 0), ...tail];
}

function readGroups(text: string): number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const v4 = index === parts.length - 1 ? v4Number(part) : null;
    if (v4 !== null) groups.push(v4 >>> 16, v4 & 0xffff);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16));
    else return null;
  }
  return groups;
}
