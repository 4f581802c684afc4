import { isIP, isIPv6 } from 'node:net';
import { resolve } from 'node:path';

/** A value that a setting cannot have; the message says what it may be. */
export class SettingFault extends Error {}

/** Text of a setting to its value; throws `SettingFault`. Lists are separated by commas. */
export type SettingParser<T> = (text: string) => T;

const NAME = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/;
const BRACKETED = /^\[(.+)\]$/;

export function hostName(text: string): string {
  const inner = BRACKETED.exec(text)?.[1];
  const isHost = inner === undefined ? isIP(text) !== 0 || NAME.test(text) : isIPv6(inner);
  if (!isHost) throw new SettingFault('is not a host name or address without a port');
  return inner ?? text;
}

export function wholeNumber(least: number, most: number): SettingParser<number> {
  return (text) => {
    const value = Number(text);
    if (!/^\d{1,9}$/.test(text) || value < least || value > most) {
      throw new SettingFault(`is not a whole number from ${String(least)} to ${String(most)}`);
    }
    return value;
  };
}

export function oneOf<T extends string>(...values: readonly T[]): SettingParser<T> {
  return (text) => {
    const found = values.find((value) => value === text);
    if (found === undefined) throw new SettingFault(`is not one of ${values.join(', ')}`);
    return found;
  };
}

export function matching(pattern: RegExp, claim: string): SettingParser<string> {
  return (text) => {
    if (!pattern.test(text)) throw new SettingFault(claim);
    return text;
  };
}

/** A list whose every item fits; an empty text is the empty list. */
export function listOf(
  fits: RegExp | ((item: string) => boolean),
  claim: string,
): SettingParser<readonly string[]> {
  const isFit = typeof fits === 'function' ? fits : (item: string): boolean => fits.test(item);
  return (text) => {
    const items = text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
    const odd = items.find((item) => !isFit(item));
    if (odd !== undefined) throw new SettingFault(`has the item "${odd}", which ${claim}`);
    return Object.freeze(items);
  };
}

/** A path; a relative one starts at `directory`. */
export function pathFrom(directory: string): SettingParser<string> {
  return (text) => {
    if (text.includes('\0')) throw new SettingFault('is not a path');
    return resolve(directory, text);
  };
}

/** `http(s)://host[:port][/base]` without query; answered without a trailing slash. */
export function publicUrl(text: string): string {
  const claim = 'is not an http(s) URL without user, query and fragment';
  if (!URL.canParse(text)) throw new SettingFault(claim);
  const url = new URL(text);
  const plain = url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  if (!plain || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new SettingFault(claim);
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}
