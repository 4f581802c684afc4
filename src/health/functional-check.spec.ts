import { describe, expect, it } from '@jest/globals';
import {
  FakeConversation,
  functionalCheck,
  safeTool,
  textResult,
  type ScriptedTool,
} from '../../test/support/fake-probe-conversation.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { sha256Hex } from '../kernel/ids.js';
import { UpstreamError, type UpstreamErrorCode } from '../upstream/upstream.errors.js';
import { runFunctionalCheck, type FunctionalResult } from './functional-check.js';
import { executeTool } from './tool-execution.js';

const OPEN = { allow: null, deny: [], read_only: false };

function tool(
  name: string,
  answer: () => unknown = () => textResult('ok'),
  takesMs = 0,
): ScriptedTool {
  return { tool: safeTool(name), answer, takesMs };
}

function refuse(code: UpstreamErrorCode): () => never {
  return () => {
    throw new UpstreamError(code, `it failed with ${code}`);
  };
}

async function run(
  scripted: ScriptedTool[],
  check: Parameters<typeof functionalCheck>[0] = {},
): Promise<{ result: FunctionalResult; calls: string[] }> {
  const clock = new ManualClock();
  const conversation = new FakeConversation(scripted, clock);
  const tools = scripted.map((one) => one.tool);
  const result = await runFunctionalCheck(conversation, functionalCheck(check), tools, OPEN, clock);
  return { result, calls: conversation.calls };
}

function codeOf(result: FunctionalResult): string {
  return result.kind === 'failed' ? result.failure.code : result.kind;
}

describe('a check with a named tool', () => {
  it.each<[string, ScriptedTool, string]>([
    ['that answers', tool('t'), 'executed'],
    [
      'that answers an error',
      tool('t', () => textResult('no', { isError: true })),
      'health.tool-error',
    ],
    ['that the server refuses to call', tool('t', refuse('rpc-error')), 'health.call-refused'],
    ['that is too slow', tool('t', undefined, 20_000), 'health.probe-timeout'],
    ['whose server ends', tool('t', refuse('exited')), 'upstream.exited'],
    ['that answers something malformed', tool('t', () => null), 'health.result-malformed'],
  ])('%s', async (_name, scripted, code) => {
    const { result } = await run([scripted], { tool: 't' });
    expect(codeOf(result)).toBe(code);
  });

  it('executes a tool that may write, as the operator named it', async () => {
    const writes = { tool: { name: 'w', inputSchema: {} }, answer: () => textResult('done') };
    expect(codeOf((await run([writes], { tool: 'w' })).result)).toBe('executed');
  });

  it('names the tools there are when it names another', async () => {
    const { result, calls } = await run([tool('t')], { tool: 'x' });
    expect(result).toMatchObject({ kind: 'failed', failure: { code: 'health.tool-unknown' } });
    expect(calls).toEqual([]);
  });
});

describe('a check that chooses its tool', () => {
  it('executes nothing when no tool is safe', async () => {
    const writes = { tool: { name: 'w', inputSchema: {} }, answer: () => textResult('done') };
    const { result, calls } = await run([writes]);
    expect(result).toEqual({ kind: 'none' });
    expect(calls).toEqual([]);
  });

  it('tries another when one fails', async () => {
    const failing = tool('a', () => textResult('no', { isError: true }));
    const { result, calls } = await run([failing, tool('b')]);
    expect(result).toMatchObject({
      kind: 'executed',
      execution: { plan: { tool: 'b', derived: true } },
    });
    expect(calls).toEqual(['a', 'b']);
  });

  it('tries three at most, and the first failure stands', async () => {
    const error = (name: string): ScriptedTool =>
      tool(name, () => textResult(name, { isError: true }));
    const { result, calls } = await run(['a', 'b', 'c', 'd'].map(error));
    expect(calls).toEqual(['a', 'b', 'c']);
    expect(result).toMatchObject({
      failure: { message: expect.stringContaining('error: a') as unknown },
    });
  });

  it('stays within its timeout over all that it tries', async () => {
    const slow = ['a', 'b', 'c'].map((name) => tool(name, undefined, 60_000));
    const { result, calls } = await run(slow, { timeout_ms: 10_000 });
    expect(codeOf(result)).toBe('health.probe-timeout');
    expect(calls).toEqual(['a', 'b']);
  });

  it('does not go on after the end of the server', async () => {
    const { calls } = await run([tool('a', refuse('exited')), tool('b')]);
    expect(calls).toEqual(['a']);
  });
});

describe('executeTool', () => {
  it('keeps the size and the hash of a result, never the result', async () => {
    const clock = new ManualClock();
    const conversation = new FakeConversation([tool('t', () => textResult('secret'), 12)], clock);
    const plan = { tool: 't', arguments: {}, outputSchema: null, assert: [], derived: true };
    const execution = await executeTool(conversation, plan, 1_000, clock);
    const text = JSON.stringify(textResult('secret'));
    expect(execution).toMatchObject({
      duration_ms: 12,
      held: ['is not an error'],
      result_bytes: text.length,
      result_sha256: sha256Hex(text),
      failure: null,
    });
    expect(JSON.stringify(execution)).not.toContain('secret');
  });

  it('rejects with what is not the fault of the service', async () => {
    const clock = new ManualClock();
    const conversation = new FakeConversation([tool('t', refuse('retired'))], clock);
    const plan = { tool: 't', arguments: {}, outputSchema: null, assert: [], derived: true };
    await expect(executeTool(conversation, plan, 1_000, clock)).rejects.toMatchObject({
      code: 'retired',
    });
  });
});
