import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

// A command in a hint is typed by somebody in a hurry: it has to be quoted, and to name the kubeconfig that a flag
// named. Both are the work of src/common/command-line.ts, so no other file spells a command out.
const SRC = join(import.meta.dirname, '..', 'src');

// Help texts show commands to be filled in by the reader, and these two files hold nothing else.
const HELP = new Set(['commands/examples.ts', 'common/command-line.ts']);

const VERBS = 'stage|plan|cutover|failback|failover|fence|resume|rollback|preflight|status|history|repair';
const COMMAND = new RegExp(
  `\\bkubectl (?:-|\\$\\{|(?:get|describe|create|delete|edit|patch|annotate|label|scale|auth|version|apply)\\b)|\\bdr-syncer (?:${VERBS})\\b`,
);

const spelled = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !HELP.has(file))
  .flatMap((file) =>
    readFileSync(join(SRC, file), 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        !/^\s*(?:\*|\/\*|\/\/)/.test(line) && COMMAND.test(line)
          ? [`${file}:${index + 1}: ${line.trim()}`]
          : [],
      ),
  );

test('no file but command-line.ts spells a command of kubectl or dr-syncer out', () => {
  expect(spelled).toEqual([]);
});
