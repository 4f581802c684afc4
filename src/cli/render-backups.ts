import type { JsonObject } from '../kernel/json.js';
import { objectsIn, renderRows, renderTable, shownTime, text } from './render-text.js';

/** Newest first, as the answer has them. */
export function renderBackups({ items }: JsonObject): string {
  const rows = objectsIn(items).map((one) => [
    text(one['backup_id']),
    shownTime(one['created_at']),
    text(one['origin']),
    text(one['revision']),
    text(one['services']),
    text(one['bytes']),
  ]);
  const head = ['BACKUP', 'CREATED (UTC)', 'WHY', 'REVISION', 'SERVICES', 'BYTES'];
  return renderRows(head, rows, 'No backups.');
}

export function renderBackup(backup: JsonObject): string {
  const shown = ['backup_id', 'file', 'created_at', 'revision', 'services', 'bytes', 'sha256'];
  const known = shown.filter((name) => backup[name] !== undefined);
  const state = backup['verified'] === true ? [['verified', 'every sum is right']] : [];
  return renderTable([...known.map((name) => [name, text(backup[name])]), ...state]);
}
