export interface SessionKey {
  /** Short and public: it travels in the clear with what the key has sealed. */
  readonly id: string;
  /** 32 bytes. */
  readonly key: Buffer;
}

/** The keys that session ids are sealed with. New ids use the current key; ids under older keys stay readable. */
export abstract class SessionKeys {
  abstract current(): SessionKey;
  /** `undefined`: unknown or retired. */
  abstract find(id: string): Buffer | undefined;
}
