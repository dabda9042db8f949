import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addControllerFlags } from '../../src/commands/controller-flags.ts';
import { createMetrics } from '../../src/controller/metrics.ts';
import { CONDITION_REASONS } from '../../src/mapping/custom-resources.ts';
import { TOLD_FIELDS } from '../../src/mapping/told-fields.ts';
import { CONTROLLER_PAGE, fieldPaths, notYetPaths, withFieldTables } from './custom-resource-fields.ts';

const page = readFileSync(CONTROLLER_PAGE, 'utf8');

/** The first cells of the table below a heading, without their marks. */
const firstCells = (heading: string): string[] => {
  const [, after = ''] = page.split(`\n## ${heading}\n`);
  const [section = ''] = after.split('\n## ');
  return [...section.matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1] ?? '');
};

describe('the page about the controller', () => {
  it('has every field of the CRDs; node scripts/fields.ts writes them anew', () => {
    expect(page).toBe(withFieldTables(page));
    expect(fieldPaths().filter((path) => !page.includes(`| \`${path.split(' ')[1]}\` |`))).toEqual([]);
  });

  it('marks as not done yet only fields that are there', () => {
    const fields = fieldPaths();
    expect(notYetPaths().filter((path) => !fields.includes(path))).toEqual([]);
  });

  it('explains every reason of the conditions, and no other', () => {
    expect(firstCells('Reasons').sort()).toEqual([...CONDITION_REASONS].sort());
  });

  it('lists every metric', async () => {
    const nothing = { mappings: [], clusters: [], leads: false, shard: '0', eventLoopLag: 0 };
    const metrics = createMetrics(() => ({ ...nothing, queue: { depth: 0, longestRunning: 0 } }));
    const { text } = await metrics.expose();
    const names = [...text.matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1] ?? '');
    expect(names).not.toEqual([]);
    expect(firstCells('Metrics').sort()).toEqual(names.sort());
  });

  it('lists every flag with its default and its variable', () => {
    const { options } = addControllerFlags(new Command('controller'));
    const rows = options.map(({ long, envVar, defaultValue, defaultValueDescription }) => {
      const given = defaultValueDescription ?? defaultValue;
      return `| \`${long}\` | ${given === undefined ? '' : `\`${given}\``} | ${envVar === undefined ? '' : `\`${envVar}\``} |`;
    });
    expect(rows.filter((row) => !page.includes(row))).toEqual([]);
    expect(firstCells('Flags').sort()).toEqual(options.map(({ long }) => long ?? '').sort());
  });
});

describe('the page for users of the older tool', () => {
  const migrate = readFileSync(CONTROLLER_PAGE.replace('controller.md', 'migrate.md'), 'utf8');

  it('names every field of a NamespaceMapping that is accepted and not done', () => {
    expect(
      TOLD_FIELDS.map(({ field }) => field).filter((field) => !migrate.includes(`\`${field}\``)),
    ).toEqual([]);
  });
});
