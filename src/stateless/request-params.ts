// HOT PATH
import type { Envelope } from '../protocol/envelope-scan.js';
import { MemberWalk } from './member-walk.js';

/** Where members of a request's `params` lie, `[start, end)`; `0, 0` = absent. */
export interface ParamSpans {
  metaStart: number;
  metaEnd: number;
  nameStart: number;
  nameEnd: number;
  uriStart: number;
  uriEnd: number;
  /** Of `taskId`, which the tasks extension (SEP-2663) routes by. */
  taskStart: number;
  taskEnd: number;
  argumentsStart: number;
  argumentsEnd: number;
  stateStart: number;
  stateEnd: number;
  responsesStart: number;
  responsesEnd: number;
}

const META = Buffer.from('_meta');
const NAME = Buffer.from('name');
const URI = Buffer.from('uri');
const TASK = Buffer.from('taskId');
const ARGUMENTS = Buffer.from('arguments');
const STATE = Buffer.from('requestState');
const RESPONSES = Buffer.from('inputResponses');

/**
 * Finds the members that the stateless protocol is judged by. `null` when one of them stands twice: servers differ in
 * which one they take, and headers are compared with one of them only.
 */
export function scanParams(body: Buffer, envelope: Envelope): ParamSpans | null {
  const spans: ParamSpans = {
    metaStart: 0,
    metaEnd: 0,
    nameStart: 0,
    nameEnd: 0,
    uriStart: 0,
    uriEnd: 0,
    taskStart: 0,
    taskEnd: 0,
    argumentsStart: 0,
    argumentsEnd: 0,
    stateStart: 0,
    stateEnd: 0,
    responsesStart: 0,
    responsesEnd: 0,
  };
  if (envelope.paramsEnd === 0) return spans;
  const walk = new MemberWalk(body, envelope.paramsStart);
  while (walk.next()) {
    if (!place(spans, walk)) return null;
  }
  return spans;
}

/** `false` when the member stands there a second time. */
function place(spans: ParamSpans, walk: MemberWalk): boolean {
  const start = walk.valueStart;
  if (walk.is(META)) {
    if (spans.metaEnd !== 0) return false;
    spans.metaStart = start;
    spans.metaEnd = walk.valueStop;
  } else if (walk.is(NAME)) {
    if (spans.nameEnd !== 0) return false;
    spans.nameStart = start;
    spans.nameEnd = walk.valueStop;
  } else if (walk.is(URI)) {
    if (spans.uriEnd !== 0) return false;
    spans.uriStart = start;
    spans.uriEnd = walk.valueStop;
  } else if (walk.is(TASK)) {
    if (spans.taskEnd !== 0) return false;
    spans.taskStart = start;
    spans.taskEnd = walk.valueStop;
  } else if (walk.is(ARGUMENTS)) {
    if (spans.argumentsEnd !== 0) return false;
    spans.argumentsStart = start;
    spans.argumentsEnd = walk.valueStop;
  } else if (walk.is(STATE)) {
    if (spans.stateEnd !== 0) return false;
    spans.stateStart = start;
    spans.stateEnd = walk.valueStop;
  } else if (walk.is(RESPONSES)) {
    if (spans.responsesEnd !== 0) return false;
    spans.responsesStart = start;
    spans.responsesEnd = walk.valueStop;
  }
  return true;
}
