// Row 84: names of saved files, from text that may be anything.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { safeFileName, withoutExtension } from '../../web/state/file-name.ts';

const bytes = (text: string): number => Buffer.byteLength(text, 'utf8');

describe('row 84: file names', () => {
  it('leaves ordinary names alone', () => {
    for (const name of ['penguins', 'mnist-10k', 'Grün, größer (2)', '温度', "it's 5.1_v2", 'naïve']) {
      expect(safeFileName(name, 'csv')).toBe(`${name}.csv`);
    }
    expect(safeFileName('nai\u0308ve', 'png')).toBe('naïve.png'); // one spelling of an accent
  });

  it.each([
    ['a/b\\c:d*e?f"g<h>i|j', 'a-b-c-d-e-f-g-h-i-j.csv'],
    ['../../etc/passwd', 'etc-passwd.csv'],
    ['..', 'unfold.csv'],
    ['.hidden', 'hidden.csv'],
    ['-rf', 'rf.csv'],
    ['', 'unfold.csv'],
    [' \t\n ', 'unfold.csv'],
    ['///', 'unfold.csv'],
    ['name. . .', 'name.csv'],
    ['two\r\nlines\tof it', 'two lines of it.csv'],
    ['a\u0000b\u007fc\u009fd', 'abcd.csv'],
    ['invoice\u202Egpj.exe', 'invoicegpj.exe.csv'], // shown backwards it would look like a picture
    ['\u2066x\u2069\u200b\u200f\ufeffy', 'xy.csv'],
    ['half \ud800 a pair', 'half a pair.csv'],
    ['CON', 'unfold CON.csv'],
    ['nul.tar', 'unfold nul.tar.csv'],
    ['com¹', 'unfold com¹.csv'],
    ['Lpt9 .x', 'unfold Lpt9 .x.csv'],
    ['CONSOLE', 'CONSOLE.csv'],
    ['com10', 'com10.csv'],
  ])('%j becomes %j', (base, name) => {
    expect(safeFileName(base, 'csv')).toBe(name);
  });

  it.each([
    ['penguins.csv', 'penguins'],
    ['a.b.TSV', 'a.b'],
    ['rows.csv.gz', 'rows'],
    ['pasted data', 'pasted data'],
    ['run 1.5', 'run 1.5'],
    ['.csv', '.csv'],
    ['..csv', '..csv'],
    ['Mr. Smith', 'Mr. Smith'],
    ['x.mp3', 'x'],
  ])('%j is %j without its extension', (name, base) => {
    expect(withoutExtension(name)).toBe(base);
  });

  it('cuts long names between characters and keeps the extension', () => {
    expect(safeFileName('x'.repeat(300), 'csv')).toBe(`${'x'.repeat(196)}.csv`);
    const long = safeFileName('🦊'.repeat(300), 'csv');
    expect(long).toBe(`${'🦊'.repeat(49)}.csv`);
    expect(safeFileName(`${'x'.repeat(195)} tail`, 'csv')).toBe(`${'x'.repeat(195)}.csv`); // no space at the end
  });

  it('whatever comes in, what comes out is one plain name on any system, and stable', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.string({ unit: fc.constantFrom('.', '/', ' ', '-', 'CON', '\\', '\u202e', 'x', '\t', '🦊', '1') }),
    );
    fc.assert(
      fc.property(text, (base) => {
        const name = safeFileName(base, 'csv');
        expect(name).toMatch(/^[^/\\:*?"<>|\p{Cc}\p{Cf}\p{Cs}]+\.csv$/u);
        expect(name).not.toMatch(/^[. -]|[. ]\.csv$/);
        expect(name).not.toMatch(/^(?:con|prn|aux|nul|com\d|lpt\d) *\./i);
        expect(bytes(name)).toBeLessThanOrEqual(200);
        expect(safeFileName(name.slice(0, -'.csv'.length), 'csv')).toBe(name);
      }),
      { numRuns: 500 },
    );
  });
});
