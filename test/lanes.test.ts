import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

// npm run test:fast leaves out what has .slow in its name. A file that forgot it would make everybody wait.
test('a test that starts programs or servers has .slow in its name, unless it runs on the clusters', () => {
  const others = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.test.ts') && !ON_CLUSTERS.test(file),
  );
  const starting = others.filter((file) =>
    STARTS.test(readFileSync(join(import.meta.dirname, file), 'utf8')),
  );
  expect(starting).toContain('cli/launcher.slow.test.ts');
  expect(starting.filter((file) => !file.endsWith('.slow.test.ts'))).toEqual([]);
});

const ON_CLUSTERS = /^(e2e|cluster|security)\//;
const STARTS = /^import .*'(node:(child_process|https?|net|tls)|execa)';$/m;
