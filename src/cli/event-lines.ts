import { createParser } from 'eventsource-parser';
import { isJsonObject, type JsonObject } from '../kernel/json.js';
import { CommandFailure, EXIT } from './exit-code.js';

/** Tells each event of one name of an event stream as its JSON object, until the gateway ends the stream. */
export async function followEvents(
  stream: ReadableStream<Uint8Array>,
  name: string,
  tell: (document: JsonObject) => void,
): Promise<void> {
  const parser = createParser({
    onEvent: ({ event, data }) => {
      if (event !== name) return;
      const document: unknown = JSON.parse(data);
      if (isJsonObject(document)) tell(document);
    },
  });
  const decoder = new TextDecoder();
  try {
    for await (const chunk of stream) parser.feed(decoder.decode(chunk, { stream: true }));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CommandFailure(EXIT.unreachable, `The stream broke off: ${reason}.`);
  }
}
