import { SealedText } from '../auth/sealed-text.js';
import type { SessionKeys } from '../auth/session-keys.js';
import type { Dispatcher } from '../gateway/dispatcher.js';
import type { RouteTableHolder } from '../gateway/route-table.js';
import type { SessionTable } from '../gateway/session-table.js';
import type { Clock } from '../kernel/clock.js';
import type { Logger } from '../kernel/logger.js';
import type { Random } from '../kernel/random.js';
import { HELD_LIMITS, HeldCalls, type HeldLimits } from './held-calls.js';
import { LINE_LIMITS, LineTable, type LineLimits } from './line-table.js';
import { ListenTable } from './listen-table.js';
import { ModernFront } from './modern-front.js';

/** Longer than any state of ours; clients may send what they like. */
const MAX_STATE_CHARS = 4_096;

export interface FrontSurroundings {
  readonly routes: RouteTableHolder;
  readonly sessions: SessionTable;
  readonly dispatcher: Dispatcher;
  readonly seal: SealedText;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Seals the `requestState` of held calls. */
export function requestStateSeal(keys: SessionKeys, random: Random): SealedText {
  return new SealedText(keys, random, 'request-state', MAX_STATE_CHARS);
}

/** Makes the front, which from now on follows swaps of the routes and hears what sessions hear. */
export function openModernFront(
  { routes, sessions, dispatcher, seal, clock, random, logger }: FrontSurroundings,
  lineLimits: LineLimits = LINE_LIMITS,
  heldLimits: HeldLimits = HELD_LIMITS,
): ModernFront {
  const { pulse } = sessions;
  const lines = new LineTable(clock, lineLimits);
  const held = new HeldCalls(clock, random, seal, heldLimits);
  const listens = new ListenTable(lines, dispatcher, pulse, logger);
  routes.onSwap((next, before) => {
    lines.follow(next, before);
  });
  sessions.companion = {
    announce(serviceId, methods) {
      listens.announce(serviceId, methods);
    },
    endService(serviceId) {
      listens.endService(serviceId);
      held.dropService(serviceId);
    },
    endStreams() {
      listens.endAll();
      held.dropAll();
    },
    endAll() {
      lines.closeAll();
    },
  };
  return new ModernFront({ dispatcher, lines, held, listens, pulse, logger });
}
