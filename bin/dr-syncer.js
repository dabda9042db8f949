#!/usr/bin/env node
// Launcher: plain old JavaScript, so that any Node can say why it is too old.
var NEEDED = [22, 19];
var found = process.versions.node.split('.').map(Number);
if (found[0] < NEEDED[0] || (found[0] === NEEDED[0] && found[1] < NEEDED[1])) {
  process.stderr.write(
    'dr-syncer needs Node ' + NEEDED.join('.') + ' or newer; this is Node ' + process.versions.node + '.\n',
  );
  process.exitCode = 2;
} else {
  import('node:module')
    .then((module) => {
      if (module.enableCompileCache) module.enableCompileCache();
      return import('../dist/dr-syncer.js');
    })
    .catch((error) => {
      if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
      process.stderr.write('dr-syncer is not built: run npm run build in its directory.\n');
      process.exitCode = 2;
    });
}
