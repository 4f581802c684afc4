import { describe, expect, it } from '@jest/globals';
import { renderAudit } from './render-audit.js';
import { renderHealth, renderHistory } from './render-health.js';
import { renderDiff } from './render-revisions.js';
import { shortText, text } from './render-text.js';
import { renderConfig, renderTools } from './render.js';

describe('what people read', () => {
  it('names the arguments of a tool, and those that may be left out', () => {
    const inputSchema = { properties: { city: {}, days: {} }, required: ['city'] };
    const items = [{ name: 'now', inputSchema, description: 'Now.\nAnd then.' }];
    expect(renderTools({ items })).toContain('now   city, days?  Now. And then.');
  });

  it('shows each value of a configuration with its layer', () => {
    const config = { runtime: { args: ['a'], env: {} } };
    const provenance = { '/runtime/args': 'service', '/runtime/env': 'defaults' };
    expect(renderConfig({ config, extends: 't@1', provenance }).split('\n')).toEqual([
      'extends t@1',
      'FIELD          VALUE  FROM',
      '/runtime/args  ["a"]  service',
      '/runtime/env   {}     defaults',
    ]);
  });

  it('shows the verdict, what to do and the evidence of each check', () => {
    const last = { at: '2026-01-02T03:04:05Z', duration_ms: 4, evidence: 'timed out' };
    const shown = renderHealth({
      name: 'weather',
      level: 'degraded',
      reason: 'Slow',
      summary: 'It is slow.',
      action: 'Look.',
      checks: [
        { name: 'basic', status: 'failing', last },
        { name: 'other', status: 'pending' },
      ],
    });
    expect(shown).toContain('weather is degraded  Slow');
    expect(shown).toMatch(/do next +Look\./);
    expect(shown).toMatch(/basic +failing +2026-01-02 03:04:05 +4 ms +timed out/);
    expect(shown).toMatch(/other +pending +- +- +-/);
  });

  it('shows past changes and results', () => {
    const at = '2026-01-02T03:04:05Z';
    const shown = renderHistory({
      transitions: [{ at, from: 'healthy', to: 'degraded', reason: 'Slow', summary: 's' }],
      results: [],
    });
    expect(shown).toContain('healthy -> degraded');
    expect(shown).toContain('No results yet.');
  });

  it('says which tools break their callers, and why', () => {
    const reasons = [{ pointer: '/inputSchema/required', detail: 'city is required now' }];
    const tools = [
      { tool: 'now', change: 'changed', verdict: 'breaking', reasons },
      { tool: 'same', change: 'unchanged', verdict: 'compatible', reasons: [] },
    ];
    const shown = renderDiff({
      from: 1,
      to: 2,
      changes: [],
      contract: { verdict: 'breaking', tools },
    });
    expect(shown.split('\n')).toEqual([
      'revision 1 -> 2',
      'Nothing differs.',
      '',
      "The tools' contract: breaking.",
      '  now: changed, breaking',
      '    /inputSchema/required city is required now',
    ]);
  });

  it('shows an audit entry on one line', () => {
    const entry = {
      at: '2026-01-02T03:04:05Z',
      outcome: 'denied',
      actor: 'ci',
      verb: 'x',
      code: 'c',
    };
    expect(renderAudit({ items: [entry] })).toContain('2026-01-02 03:04:05  denied   ci');
  });

  it('lets no control character of foreign text reach the terminal', () => {
    expect(text('a\u001b[2Jb\u0007')).toBe('a[2Jb');
    expect(shortText('one\n two', 6)).toBe('one t…');
  });
});
