import { describe, expect, it } from '@jest/globals';
import { DomainEvent } from '../kernel/domain-event.js';
import { InstanceFailed, ServiceStateChanged } from '../lifecycle/lifecycle.events.js';
import { RevisionPromoted, ServiceArchived, ServiceCreated } from '../registry/registry.events.js';
import { sentenceOf } from './event-sentence.js';

class QuotaExceeded extends DomainEvent {
  readonly service_id = 'x';
}

class AlarmRang extends DomainEvent {
  readonly service_id = 'x';
  get sentence(): string {
    return 'The alarm rang.';
  }
}

describe('sentenceOf', () => {
  it.each<[DomainEvent, string]>([
    [new ServiceCreated('x', 'weather', 1), 'weather was registered as revision 1.'],
    [new RevisionPromoted('x', 3, 2), 'Revision 3 of weather replaced revision 2.'],
    [new ServiceArchived('x', 'weather', false), 'weather was deleted and archived.'],
    [new ServiceArchived('x', 'weather', true), 'weather was discarded.'],
    [
      new ServiceStateChanged('x', 'deploying', 'active', 'Proven'),
      'weather went from deploying to active (Proven).',
    ],
    [new InstanceFailed('x', 'i', 'exited', 'It ended'), 'An instance of weather failed: It ended'],
    [new QuotaExceeded(), 'Quota exceeded: weather.'],
    [new AlarmRang(), 'The alarm rang.'],
  ])('says of %o: %s', (event, sentence) => {
    expect(sentenceOf(event, 'weather')).toBe(sentence);
  });
});
