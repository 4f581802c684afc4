import { resultBody, type RegistrationResult } from './registration-result.js';

/** A status, headers and a body: what a write answers, before anything of HTTP is touched. */
export class WriteAnswer {
  constructor(
    readonly status: number,
    readonly headers: Readonly<Record<string, string>>,
    readonly body: object | undefined,
  ) {}
}

/** `preference` is what of `Prefer` was applied (RFC 7240, section 3), or `null`. */
export function answerOf(
  result: RegistrationResult,
  preference: string | null = null,
): WriteAnswer {
  const headers: Record<string, string> = {};
  if (result.etag !== null) headers['ETag'] = result.etag;
  if (result.location !== null) headers['Location'] = result.location;
  if (preference !== null) headers['Preference-Applied'] = preference;
  return new WriteAnswer(result.status, headers, resultBody(result));
}
