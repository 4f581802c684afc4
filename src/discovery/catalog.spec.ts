import { describe, expect, it } from '@jest/globals';
import { Catalog, catalogEntry, type CatalogSource } from './catalog.js';

function entry(name: string, over: Partial<CatalogSource> = {}): ReturnType<typeof catalogEntry> {
  const source = { service_id: name, name, title: null, description: null, tags: [], tools: [] };
  return catalogEntry({ ...source, ...over });
}

function filled(): Catalog {
  const catalog = new Catalog();
  catalog.put(entry('weather-service', { description: 'Forecasts for any city', tags: ['geo'] }));
  catalog.put(
    entry('files', {
      tools: [
        { name: 'readTextFile', description: 'Reads a document' },
        { name: 'list_directory' },
      ],
    }),
  );
  catalog.put(entry('memory', { title: 'Knowledge graph' }));
  return catalog;
}

describe('Catalog', () => {
  it.each([
    ['weather', ['weather-service']],
    ['weath', ['weather-service']],
    ['wether', ['weather-service']],
    ['GEO', ['weather-service']],
    ['city forecast', ['weather-service']],
    ['knowledge', ['memory']],
    ['directory', ['files']],
    ['text', ['files']],
    ['document', ['files']],
    ['nothing at all', []],
    ['', []],
    ['"><script>', []],
  ])('finds for %j %j', (query, ids) => {
    expect([...filled().search(query).keys()]).toEqual(ids);
  });

  it('prefers a name to a mention', () => {
    const catalog = filled();
    catalog.put(entry('other', { description: 'Uses memory' }));
    expect([...catalog.search('memory').keys()]).toEqual(['memory', 'other']);
  });

  it('finds the new text of a replaced entry and not the old', () => {
    const catalog = filled();
    catalog.put(entry('memory', { title: 'Recollection' }));
    expect([...catalog.search('recollection').keys()]).toEqual(['memory']);
    expect(catalog.search('knowledge').size).toBe(0);
  });

  it('leaves no word behind when everything is removed', () => {
    const catalog = filled();
    for (const id of ['weather-service', 'files', 'memory', 'memory', 'absent']) catalog.remove(id);
    expect([catalog.size, catalog.words]).toEqual([0, 0]);
  });

  it('takes tools with members of any kind', () => {
    const catalog = new Catalog();
    catalog.put(entry('odd', { tools: [{ name: 7, description: null }, {}] }));
    expect(catalog.search('odd').size).toBe(1);
  });
});
