import { describe, expect, it } from '@jest/globals';
import { Subscriptions } from './subscriptions.js';

describe('Subscriptions', () => {
  it('counts subscribers, and tells when the last one just goes away', () => {
    const unused: string[] = [];
    const subscriptions = new Subscriptions((uri) => unused.push(uri));
    const [a, b] = [{}, {}];
    subscriptions.add('x', a);
    subscriptions.add('x', a);
    subscriptions.add('x', b);
    subscriptions.add('y', a);
    expect(subscriptions.of('x').size).toBe(2);
    subscriptions.dropAll(a);
    expect(unused).toEqual(['y']);
    subscriptions.drop('x', b);
    expect(subscriptions.of('x').size).toBe(0);
    subscriptions.drop('x', b);
    subscriptions.dropAll(b);
    expect(unused).toEqual(['y']);
  });
});
