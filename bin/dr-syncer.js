#!/usr/bin/env node
// Launcher: plain old JavaScript, so that any Node can say why it is too old.
// Before anything is loaded: without this accessor a key called __proto__ is a key like any other, wherever it is used.
Reflect.deleteProperty(Object.prototype, '__proto__');
var NEEDED = [22, 19];
var found = process.versions.node.split('.').map(Number);
// What goes through thousands of objects starts itself anew, as the same process, with an engine that is told to be
// frugal: on a large machine it would let the heap grow to several times of what is in use. Quick commands do not pay
// for it. An engine that runs already must not be told.
var LARGE = ['stage', 'preflight', 'cutover', 'failback', 'failover', 'resume', 'rollback'];
var FRUGAL = ['--max-semi-space-size=4', '--optimize-for-size'];
function startFrugal() {
  var given = process.execArgv.concat(process.env.NODE_OPTIONS || '').join(' ');
  if (LARGE.indexOf(process.argv[2]) < 0 || given.indexOf('semi-space') >= 0 || !process.execve) return;
  try {
    process.execve(
      process.execPath,
      [process.execPath].concat(FRUGAL, process.execArgv, process.argv[1], process.argv.slice(2)),
    );
  } catch (error) {
    // Not on this platform: it runs as well, with more memory.
    if (error.code !== 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM') throw error;
  }
}

// What Node finds in its compile cache it runs, and its default is a name that everybody can guess in a folder where
// everybody may write. So it is a folder that only this user can have made, below ones that only this user can change;
// else there is no cache. Returns its path.
function ownCache() {
  if (!process.getuid) return undefined;
  var base = process.env.XDG_CACHE_HOME || (process.env.HOME ? process.env.HOME + '/.cache' : '');
  if (base.charAt(0) !== '/') return undefined;
  var fs = process.getBuiltinModule('node:fs');
  var parent = base + '/dr-syncer';
  var own = parent + '/compiled';
  // Of the mode: what others may not have. They may look into its parents; it itself is closed to them.
  function isOurs(path, others) {
    var stat = fs.lstatSync(path);
    return stat.isDirectory() && stat.uid === process.getuid() && (stat.mode & parseInt(others, 8)) === 0;
  }
  var above = [base.slice(0, base.lastIndexOf('/')) || '/', base, parent];
  try {
    fs.mkdirSync(own, { recursive: true, mode: 0o700 });
    return above.every((path) => isOurs(path, '22')) && isOurs(own, '77') ? own : undefined;
  } catch (_error) {
    return undefined;
  }
}

if (found[0] < NEEDED[0] || (found[0] === NEEDED[0] && found[1] < NEEDED[1])) {
  process.stderr.write(
    'dr-syncer needs Node ' + NEEDED.join('.') + ' or newer; this is Node ' + process.versions.node + '.\n',
  );
  process.exitCode = 2;
} else {
  startFrugal();
  // NO_COLOR decides, and Node would warn that it does not.
  if (process.env.NO_COLOR) delete process.env.FORCE_COLOR;
  import('node:module')
    .then((module) => {
      var cache = module.enableCompileCache && ownCache();
      if (cache) module.enableCompileCache(cache);
      return import('../dist/dr-syncer.js');
    })
    .catch((error) => {
      if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
      process.stderr.write('dr-syncer is not built: run npm run build in its directory.\n');
      process.exitCode = 2;
    });
}
