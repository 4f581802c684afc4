import { describe, expect, it } from '@jest/globals';
import { OwnRequests } from './own-requests.js';

describe('the requests of the gateway itself', () => {
  const own = new OwnRequests('self-1');

  it('are told by their id alone', () => {
    expect(['self-1', 'self-2', null, undefined].map((id) => own.isOwn(id))).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});
