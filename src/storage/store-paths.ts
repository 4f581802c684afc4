/** Where the store keeps what is not a record; all absolute. */
export interface StorePaths {
  readonly directory: string;
  readonly journal: string;
  readonly sealed: string;
  readonly corrupt: string;
  readonly lock: string;
  readonly reserve: string;
}

export function storePaths(directory: string): StorePaths {
  return {
    directory,
    journal: `${directory}/journal`,
    sealed: `${directory}/journal/sealed`,
    corrupt: `${directory}/corrupt`,
    lock: `${directory}/lock`,
    reserve: `${directory}/reserve`,
  };
}
