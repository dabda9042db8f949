import packageJson from '../../package.json' with { type: 'json' };

/** The version of dr-syncer, from package.json (inlined in the bundle). */
export const VERSION: string = packageJson.version;
