import { RE2JS } from 're2js';

const MAX_PATTERN_CHARS = 512;
const MAX_PATTERNS = 1_000;
/** Instructions of all patterns of one schema: bounds what compiling them costs. */
const MAX_TOTAL_SIZE = 65_536;
const MAX_PROGRAM_SIZE = 4_096;
/** Characters times instructions that count as one step. */
const WORK_PER_STEP = 4_096;

/** Tells whether a text holds a match; takes time in proportion to the text's length, whatever the pattern. */
export interface LinearPattern {
  /** `spend` is told the work in steps before it is done. */
  test(text: string, spend: (steps: number) => void): boolean;
}

/**
 * Compiles ECMA-262 patterns for a linear-time engine. A pattern maps to `null` where that engine cannot hold it:
 * look-around, back references, or a size beyond 512 characters or 4,096 instructions. Answers `null` when they are too
 * many (1,000) or too large together.
 */
export function compileLinearPatterns(
  sources: readonly string[],
): ReadonlyMap<string, LinearPattern | null> | null {
  if (sources.length > MAX_PATTERNS) return null;
  const compiled = new Map<string, LinearPattern | null>();
  let total = 0;
  for (const source of sources) {
    const pattern = compilePattern(source);
    total += pattern?.programSize() ?? 0;
    if (total > MAX_TOTAL_SIZE) return null;
    const fits = pattern !== null && pattern.programSize() <= MAX_PROGRAM_SIZE;
    compiled.set(source, fits ? counted(pattern) : null);
  }
  return compiled;
}

function compilePattern(source: string): RE2JS | null {
  if (source.length > MAX_PATTERN_CHARS) return null;
  try {
    return RE2JS.compile(RE2JS.translateRegExp(source));
  } catch {
    return null;
  }
}

function counted(pattern: RE2JS): LinearPattern {
  const size = pattern.programSize();
  return {
    test: (text, spend) => {
      spend(1 + Math.ceil((text.length * size) / WORK_PER_STEP));
      return pattern.test(text);
    },
  };
}
