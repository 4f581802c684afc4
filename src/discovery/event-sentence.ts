import type { DomainEvent } from '../kernel/domain-event.js';
import {
  AvailabilityChanged,
  InstanceFailed,
  InstanceReady,
  InstanceStarted,
  ServiceStateChanged,
  ServiceStopped,
  ToolsChanged,
} from '../lifecycle/lifecycle.events.js';
import {
  DesiredStateChanged,
  RevisionDiscarded,
  RevisionPromoted,
  RevisionProposed,
  ServiceArchived,
  ServiceCreated,
  ServiceRestored,
} from '../registry/registry.events.js';

/** What happened, for people: one sentence. `name` is the service's name, or its id when it is gone. */
export function sentenceOf(event: DomainEvent, name: string): string {
  return (
    ownSentence(event) ??
    registrySentence(event, name) ??
    lifecycleSentence(event, name) ??
    `${wordsOf(event)}: ${name}.`
  );
}

/** Events of modules beside this one say it themselves, by a getter `sentence`. */
function ownSentence(event: DomainEvent): string | null {
  return 'sentence' in event && typeof event.sentence === 'string' ? event.sentence : null;
}

function registrySentence(event: DomainEvent, name: string): string | null {
  if (event instanceof ServiceCreated)
    return `${name} was registered as revision ${event.revision}.`;
  if (event instanceof RevisionProposed)
    return `Revision ${event.revision} of ${name} waits to be proven.`;
  if (event instanceof RevisionPromoted) {
    return `Revision ${event.revision} of ${name} replaced revision ${event.previous}.`;
  }
  if (event instanceof RevisionDiscarded) {
    return `Revision ${event.revision} of ${name} was given up: ${event.reason}`;
  }
  if (event instanceof DesiredStateChanged) return `${name} is wanted ${event.desired}.`;
  if (event instanceof ServiceArchived) {
    return event.discarded
      ? `${event.name} was discarded.`
      : `${event.name} was deleted and archived.`;
  }
  if (event instanceof ServiceRestored) return `${event.name} was restored from the archive.`;
  return null;
}

function lifecycleSentence(event: DomainEvent, name: string): string | null {
  if (event instanceof InstanceStarted)
    return `Revision ${event.revision} of ${name} runs and is being proven.`;
  if (event instanceof InstanceReady) return `Revision ${event.revision} of ${name} is proven.`;
  if (event instanceof ServiceStateChanged)
    return `${name} went from ${event.from} to ${event.to} (${event.reason}).`;
  if (event instanceof AvailabilityChanged) return `Whether ${name} may be called has changed.`;
  if (event instanceof ToolsChanged) return `The tools of ${name} changed.`;
  if (event instanceof InstanceFailed) return `An instance of ${name} failed: ${event.message}`;
  if (event instanceof ServiceStopped) return `Nothing of ${name} runs any more.`;
  return null;
}

/** `HealthChanged` -> `Health changed`. */
function wordsOf(event: DomainEvent): string {
  const words = event.constructor.name.replace(/(?<=[a-z0-9])(?=[A-Z])/g, ' ').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
