import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';

/** Questions about paths that follow links, which the file system port does not. */
export abstract class PathResolver {
  /** The absolute path without links, or `null` when it does not exist or may not be looked at. */
  abstract realPath(path: string): Promise<string | null>;
  /** Whether it is a regular file that this process may execute. */
  abstract isExecutable(path: string): Promise<boolean>;
}

/** The paths of this machine. */
export class NodePathResolver extends PathResolver {
  override async realPath(path: string): Promise<string | null> {
    try {
      return await realpath(path);
    } catch {
      return null;
    }
  }

  override async isExecutable(path: string): Promise<boolean> {
    try {
      await access(path, constants.X_OK);
      return (await stat(path)).isFile();
    } catch {
      return false;
    }
  }
}
