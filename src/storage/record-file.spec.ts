import { describe, expect, it } from '@jest/globals';
import { decodeRecordFile, encodeRecordFile } from './record-file.js';

const DOC = { b: [1, { c: 'ü' }], a: null, '10': 1, '2': 2 };

function edited(change: (text: string) => string): Buffer {
  return Buffer.from(change(encodeRecordFile('service', 'x', 3, DOC).toString('utf8')));
}

describe('the file of a record', () => {
  it('is intact as written', () => {
    const file = encodeRecordFile('service', 'x', 3, DOC);
    expect(decodeRecordFile(file, 'service', 'x')).toEqual({
      state: 'intact',
      version: 3,
      doc: DOC,
    });
  });

  it.each<[string, (text: string) => string]>([
    ['its document', (text) => text.replace('ü', 'u')],
    ['its version', (text) => text.replace('"version": 3', '"version": 4')],
    ['its hash', (text) => text.replace(/"hash": "./, '"hash": "-')],
    ['its hash away', (text) => text.replace(/"hash": "[^"]*",/, '')],
    ['its version away', (text) => text.replace('"version": 3,', '')],
  ])('counts as edited when someone changed %s', (_, change) => {
    expect(decodeRecordFile(edited(change), 'service', 'x').state).toBe('edited');
  });

  it.each<[string, (text: string) => string]>([
    ['is cut short', (text) => text.slice(0, -10)],
    ['is empty', () => ''],
    ['is a list', () => '[]'],
    ['names another record', (text) => text.replace('"x"', '"y"')],
    ['names another kind', (text) => text.replace('"service"', '"route"')],
    ['has no document', (text) => text.replace('"doc"', '"dog"')],
    ['has a newer schema', (text) => text.replace('"1.0"', '"2.0"')],
    ['is all zeros', (text) => '\0'.repeat(text.length)],
  ])('is unreadable when it %s', (_, change) => {
    expect(decodeRecordFile(edited(change), 'service', 'x').state).toBe('unreadable');
  });
});
