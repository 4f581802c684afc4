import { describe, expect, it } from '@jest/globals';
import {
  FakeConversation,
  functionalCheck,
  safeTool,
  textResult,
  type ScriptedTool,
} from '../../test/support/fake-probe-conversation.js';
import { ManualClock } from '../../test/support/manual-clock.js';
import { serviceConfig } from '../../test/support/service-fixture.js';
import type { HealthCheckConfig } from '../config/service-config.js';
import { SilentLogger } from '../kernel/logger.js';
import type { ProofResult } from '../lifecycle/observation-intake.js';
import { scrubberOf } from '../upstream/scrub.js';
import { UpstreamError } from '../upstream/upstream.errors.js';
import type { Upstream } from '../upstream/upstream.js';
import { ActivationProver, provingChecks } from './activation-prover.js';
import { executedProof } from './proof-record.js';

const SECRET = 'hunter2-hunter2';

const upstream = {
  facts: () => ({ stderr: Array.from({ length: 30 }, (_, at) => `line ${String(at)}`) }),
} as unknown as Upstream;

function tool(name: string, over: Partial<ScriptedTool> = {}): ScriptedTool {
  return { tool: safeTool(name), answer: () => textResult('ok'), ...over };
}

interface Setup {
  readonly tools?: ScriptedTool[];
  readonly checks?: HealthCheckConfig[];
  readonly prepare?: (conversation: FakeConversation) => void;
  readonly openFails?: Error;
}

async function prove(
  setup: Setup,
): Promise<{ result: ProofResult; conversation: FakeConversation }> {
  const clock = new ManualClock();
  const conversation = new FakeConversation(setup.tools ?? [], clock);
  setup.prepare?.(conversation);
  const prover = new ActivationProver(
    () =>
      setup.openFails === undefined
        ? Promise.resolve(conversation)
        : Promise.reject(setup.openFails),
    () => Promise.resolve(scrubberOf([SECRET])),
    clock,
    new SilentLogger(),
  );
  const effective = serviceConfig({ monitoring: { checks: setup.checks ?? [functionalCheck()] } });
  const result = await prover.prove({ upstream, effective, revision: 3 });
  return { result, conversation };
}

describe('the stage of a failure', () => {
  const exited = new UpstreamError('exited', 'it ended');

  it.each<[string, Setup, string]>([
    ['opening the conversation', { openFails: exited }, 'handshake'],
    [
      'listing',
      {
        prepare: (conversation) => {
          conversation.listTools = () => Promise.reject(exited);
        },
      },
      'list',
    ],
    [
      'a tool',
      {
        tools: [tool('a', { answer: () => Promise.reject(exited) })],
      },
      'prove',
    ],
  ])('is where it was met: %s', async (_what, setup, stage) => {
    const { result } = await prove(setup);
    expect(result).toMatchObject({ ok: false, failure: { code: 'upstream.exited', stage } });
  });
});

describe('a proof', () => {
  it('is by executing the tool of the operator, with what was asserted', async () => {
    const checks = [
      functionalCheck({ tool: 'echo', arguments: { m: 1 }, assert: [{ contains: 'ok' }] }),
    ];
    const { result, conversation } = await prove({ tools: [tool('other'), tool('echo')], checks });
    expect(result).toMatchObject({
      ok: true,
      proof: {
        level: 'executed',
        tool: 'echo',
        arguments: { m: 1 },
        assertions: ['is not an error', 'contains "ok"'],
        revision: 3,
        reason: null,
      },
      server: { protocol_version: '2025-11-25', server_info: { name: 'fake' } },
    });
    expect(conversation.calls).toEqual(['echo']);
    expect(conversation.closed).toBe(1);
  });

  it('needs every named check to pass', async () => {
    const checks = [
      functionalCheck({ tool: 'a' }),
      functionalCheck({ tool: 'b', assert: [{ contains: 'no' }] }),
    ];
    const { result } = await prove({ tools: [tool('a'), tool('b')], checks });
    expect(result).toMatchObject({ ok: false, failure: { code: 'health.assertion-failed' } });
  });

  it('keeps no arguments of a tool that was chosen', async () => {
    const { result } = await prove({ tools: [tool('a')] });
    expect(result).toMatchObject({ ok: true, proof: { tool: 'a', arguments: null } });
  });

  it.each<[string, Setup, string, string]>([
    [
      'no tool is safe',
      { tools: [tool('w', { tool: { name: 'w', inputSchema: {} } })] },
      'listed',
      'NoSafeTool',
    ],
    ['there is no tool', { tools: [] }, 'listed', 'NoSafeTool'],
    [
      'the checks are switched off',
      { tools: [tool('a')], checks: [functionalCheck({ enabled: false })] },
      'listed',
      'ChecksDisabled',
    ],
    [
      'the server has no tools at all',
      {
        prepare: (conversation) => {
          conversation.capabilities = { prompts: {} };
        },
      },
      'connected',
      'NoTools',
    ],
  ])('says that it is weak when %s', async (_name, setup, level, reason) => {
    const { result, conversation } = await prove(setup);
    expect(result).toMatchObject({ ok: true, proof: { level, reason, tool: null } });
    expect(result.ok && result.proof.action).toBeTruthy();
    expect(conversation.calls).toEqual([]);
  });

  it.each<[string, Setup, string, string]>([
    [
      'a named tool of a server without tools',
      {
        checks: [functionalCheck({ tool: 'a' })],
        prepare: (conversation) => {
          conversation.capabilities = {};
        },
      },
      'health.tool-unknown',
      'prove',
    ],
    ['two tools of one name', { tools: [tool('a'), tool('a')] }, 'health.duplicate-tools', 'list'],
    [
      'a listing that fails',
      {
        prepare: (conversation) => {
          conversation.listing = () => {
            throw new UpstreamError('rpc-error', 'boom');
          };
        },
      },
      'health.list-failed',
      'list',
    ],
    [
      'a refused handshake',
      { openFails: new UpstreamError('handshake-refused', 'no') },
      'upstream.handshake-refused',
      'handshake',
    ],
    ['a fault of ours', { openFails: new TypeError('bug') }, 'health.prober-fault', 'prove'],
  ])('fails for %s', async (_name, setup, code, stage) => {
    const { result } = await prove(setup);
    expect(result).toMatchObject({ ok: false, failure: { code, stage } });
  });

  it('shows the last lines of stderr with a failure', async () => {
    const { result } = await prove({ openFails: new UpstreamError('exited-early', 'no') });
    expect(result.ok ? [] : result.failure.stderr).toHaveLength(20);
  });

  it('is scrubbed of secrets: tools, failures and the server', async () => {
    const leaky = tool('a', { tool: safeTool('a', { description: `uses ${SECRET}` }) });
    const shown = await prove({ tools: [leaky] });
    const failed = await prove({
      tools: [tool('a', { answer: () => textResult(`bad ${SECRET}`, { isError: true }) })],
    });
    expect(shown.result.ok).toBe(true);
    expect(failed.result.ok).toBe(false);
    expect(JSON.stringify([shown.result, failed.result])).not.toContain(SECRET);
  });
});

describe('provingChecks', () => {
  it('takes the named ones alone where there are any, else one that chooses', () => {
    const named = functionalCheck({ tool: 'a' });
    const chosen = functionalCheck();
    expect(provingChecks([chosen, named])).toEqual([named]);
    expect(provingChecks([chosen, chosen])).toEqual([chosen]);
    expect(provingChecks([functionalCheck({ enabled: false })])).toEqual([]);
    expect(provingChecks([])).toEqual([chosen]);
  });
});

it('tells the assertions of several executions apart', () => {
  const execution = (name: string): Parameters<typeof executedProof>[0][0] => ({
    plan: { tool: name, arguments: {}, outputSchema: null, assert: [], derived: false },
    duration_ms: 1,
    held: ['is not an error'],
    result_bytes: 2,
    result_sha256: 'x',
    failure: null,
  });
  const proof = executedProof([execution('a'), execution('b')], { at: 'now', revision: 1 });
  expect(proof.assertions).toEqual(['a: is not an error', 'b: is not an error']);
});
