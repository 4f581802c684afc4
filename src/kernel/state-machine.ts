/** A transition table: from each state, the states that may follow. Anything else is refused by the caller. */
export type TransitionTable<State extends string> = Readonly<Record<State, readonly State[]>>;

export function mayBecome<State extends string>(
  table: TransitionTable<State>,
  from: State,
  to: State,
): boolean {
  return table[from].includes(to);
}
