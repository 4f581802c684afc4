import { describe, expect, it } from '@jest/globals';
import { classifyAddress, refusalOf, type AddressKind } from './egress.js';

describe('classifyAddress', () => {
  it.each<[string, AddressKind]>([
    ['8.8.8.8', 'public'],
    ['127.0.0.1', 'loopback'],
    ['127.255.0.9', 'loopback'],
    ['10.1.2.3', 'private'],
    ['172.16.0.1', 'private'],
    ['172.32.0.1', 'public'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['100.128.0.1', 'public'],
    ['169.254.0.1', 'link-local'],
    ['169.254.169.254', 'metadata'],
    ['100.100.100.200', 'metadata'],
    ['0.0.0.0', 'unspecified'],
    ['0.1.2.3', 'unspecified'],
    ['224.0.0.1', 'multicast'],
    ['255.255.255.255', 'reserved'],
    ['203.0.113.9', 'reserved'],
    ['::1', 'loopback'],
    ['::', 'unspecified'],
    ['fe80::1%eth0', 'link-local'],
    ['fc00::1', 'private'],
    ['fd12:3456::1', 'private'],
    ['fd00:ec2::254', 'metadata'],
    ['ff02::1', 'multicast'],
    ['2001:db8::1', 'reserved'],
    ['2606:4700::1111', 'public'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['::ffff:7f00:1', 'loopback'],
    ['::ffff:a9fe:a9fe', 'metadata'],
    ['::127.0.0.1', 'loopback'],
    ['64:ff9b::169.254.169.254', 'metadata'],
    ['2002:7f00:1::', 'loopback'],
    ['::ffff:8.8.8.8', 'public'],
    ['0127.0.0.1', 'invalid'],
    ['127.1', 'invalid'],
    ['256.1.1.1', 'invalid'],
    ['localhost', 'invalid'],
    ['1:2:3:4:5:6:7:8:9', 'invalid'],
    ['1::2::3', 'invalid'],
    ['', 'invalid'],
  ])('%s is %s', (address, kind) => {
    expect(classifyAddress(address)).toBe(kind);
  });
});

describe('refusalOf', () => {
  it.each<[string, boolean, boolean]>([
    ['8.8.8.8', true, true],
    ['127.0.0.1', true, false],
    ['192.168.0.1', true, false],
    ['169.254.169.254', false, false],
    ['fe80::1', false, false],
    ['fd00:ec2::254', false, false],
    ['0.0.0.0', false, false],
    ['224.0.0.1', false, false],
    ['nonsense', false, false],
  ])('%s: any %s, public %s', (address, any, publicOnly) => {
    expect(refusalOf(address, 'any') === null).toBe(any);
    expect(refusalOf(address, 'public') === null).toBe(publicOnly);
  });

  it.each<[string, string, number, boolean]>([
    ['127.0.0.1', '127.0.0.1', 80, true],
    ['::ffff:127.0.0.1', '127.0.0.1', 80, true],
    ['127.0.0.1', '0.0.0.0', 80, true],
    ['::1', '::', 80, true],
    ['127.0.0.1', 'localhost', 80, true],
    ['127.0.0.1', '127.0.0.1', 81, false],
    ['127.0.0.2', '127.0.0.1', 80, false],
    ['10.0.0.1', '0.0.0.0', 80, false],
  ])('%s against our listener %s, port %d: refused %s', (address, listener, port, refused) => {
    const reason = refusalOf(address, 'any', [{ address: listener, port: 80 }], port);
    expect(reason !== null).toBe(refused);
  });
});
