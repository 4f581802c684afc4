import { describe, expect, it } from '@jest/globals';
import { OwnListeners } from './own-listeners.js';

describe('OwnListeners', () => {
  it('lists what was added, but no port that is still to be chosen', () => {
    const listeners = new OwnListeners();
    listeners.add('127.0.0.1', 0);
    listeners.add('127.0.0.1', 8080);
    expect(listeners.list()).toEqual([{ address: '127.0.0.1', port: 8080 }]);
  });
});
