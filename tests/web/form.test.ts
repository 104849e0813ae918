import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldViews, withField } from '../../web/state/fields.ts';
import { formFor, HELDOUT, sameParams } from '../../web/state/form.ts';
import { numberText, parseNumber, parseWidths, rangeText } from '../../web/state/number-text.ts';
import type { FormState } from '../../web/state/store.ts';
import { featureInfo, READY } from './session-fixture.ts';

const range = { lo: 1e-8, hi: 1e9, integer: false };
const whole = { lo: 1, hi: 4096, integer: true };

function form(): FormState {
  return formFor(featureInfo(), null);
}

function field(state: FormState, name: string) {
  const found = fieldViews(state, READY).find((one) => one.name === name);
  if (!found) throw new Error(`There is no field ${name}.`);
  return found;
}

describe('numbers as typed (RELIABILITY 40, 56)', () => {
  it.each([
    ['128', 128],
    [' 0.001 ', 0.001],
    ['.5', 0.5],
    ['5.', 5],
    ['+3', 3],
    ['1e-3', 0.001],
    ['1E3', 1000],
  ])('%j is %d', (text, value) => {
    expect(parseNumber(text, range)).toEqual({ ok: true, value });
  });

  it.each(['abc', '1e', '-', '--1', '0x10', '1_000', 'Infinity', 'NaN', '1 000', '１２', '1e1e1', '1;2'])(
    '%j is refused as no number',
    (text) => {
      expect(parseNumber(text, range)).toEqual({ ok: false, error: `“${text}” is not a number.` });
    },
  );

  it.each(['0,001', '1,000', '1.234,56', '1,5e3'])('%j is refused for its comma', (text) => {
    const parsed = parseNumber(text, range);
    expect(parsed.ok ? '' : parsed.error).toMatch(/without a comma/);
  });

  it('says the range for nothing, for too much and for too little', () => {
    expect(parseNumber('', whole)).toEqual({ ok: false, error: 'Write a number from 1 to 4,096.' });
    for (const text of ['0', '-5', '−5', '4097', '1e9', '1e999']) {
      const parsed = parseNumber(text, whole);
      expect(parsed.ok ? '' : parsed.error).toMatch(/is outside 1 to 4,096\.$/);
    }
    expect(parseNumber('4096', whole)).toEqual({ ok: true, value: 4096 });
    expect(parseNumber('1', whole)).toEqual({ ok: true, value: 1 });
  });

  it('says limits exactly, and as they may be typed', () => {
    expect(rangeText(range)).toBe('1e-8 to 1e9');
    expect(rangeText({ lo: 0, hi: 4_294_967_295 })).toBe('0 to 4,294,967,295');
    expect(rangeText({ lo: 1, hi: 10_000_000 })).toBe('1 to 1e7');
    expect(rangeText({ lo: 0, hi: 0.5 })).toBe('0 to 0.5');
    expect(rangeText({ lo: -12, hi: 4096 })).toBe('−12 to 4,096');
    expect(rangeText({ lo: 0.0025, hi: 12_500_000 })).toBe('0.0025 to 12,500,000');
  });

  it('wants whole numbers where halves make no sense', () => {
    expect(parseNumber('1.5', whole).ok).toBe(false);
    expect(parseNumber('1e2', whole)).toEqual({ ok: true, value: 100 });
  });

  it('is written so that it reads back to itself', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const all = { lo: -Number.MAX_VALUE, hi: Number.MAX_VALUE, integer: false };
        const parsed = parseNumber(numberText(value), all);
        expect(parsed.ok && parsed.value === value).toBe(true);
      }),
    );
  });
});

describe('hidden layers as typed', () => {
  it.each([
    ['512, 128', [512, 128]],
    ['512,128', [512, 128]],
    ['512 128 64', [512, 128, 64]],
    ['7', [7]],
    ['', []],
    ['none', []],
  ])('%j is %j', (text, value) => {
    expect(parseWidths(text, whole, 8)).toEqual({ ok: true, value });
  });

  it.each([
    ['512,,128', /missing between two commas/],
    ['512, abc', /^Layer 2: “abc” is not a number/],
    ['0', /^Layer 1: “0” is outside/],
    ['4097', /^Layer 1: “4097” is outside/],
    ['1,1,1,1,1,1,1,1,1', /At most 8 hidden layers are possible, not 9/],
    ['1.5', /^Layer 1: Write a whole number/],
  ])('%j is refused', (text, error) => {
    const parsed = parseWidths(text, whole, 8);
    expect(parsed.ok ? '' : parsed.error).toMatch(error);
  });
});

describe('the form', () => {
  it('starts from the shape of the data, with rows held out and seed 1', () => {
    const { params, fit, errors, touched } = form();
    expect(fit.heldout).toBe(HELDOUT);
    expect([params.seed, fit.seed]).toEqual([1, 1]);
    expect(params.latent).toBe(2);
    expect(errors).toEqual({});
    expect(touched.size).toBe(0);
    const unit = formFor(featureInfo({ unit_range: true }), null);
    expect([params.output, unit.params.output]).toEqual(['linear', 'sigmoid']);
  });

  it('has five main fields, with the names people rely on', () => {
    const views = fieldViews(form(), READY);
    expect(views.filter(({ main }) => main).map(({ label }) => label)).toEqual([
      'Epochs',
      'Batch size',
      'Learning rate',
      'Hidden layers',
      'Latent size',
    ]);
    const labels = views.map(({ label }) => label);
    expect(labels).toEqual(expect.arrayContaining(['Seed', 'Held out']));
    expect(new Set(labels).size).toBe(labels.length);
    for (const view of views) expect(view.help).toMatch(/\.$/);
  });

  it('keeps the old value when the new one can’t be used, and says so (RELIABILITY 56)', () => {
    const before = form();
    for (const text of ['abc', '', '1e', '-3', '1e9', '1,000']) {
      const { form: after, error } = withField(before, READY, 'epochs', text);
      expect(error).not.toBeNull();
      expect(after.fit).toEqual(before.fit);
      expect(field(after, 'epochs').error).toContain(`Still ${before.fit.epochs}.`);
    }
  });

  it('forgets the sentence once the field is right', () => {
    const wrong = withField(form(), READY, 'epochs', 'abc').form;
    const right = withField(wrong, READY, 'epochs', '7').form;
    expect(right.errors).toEqual({});
    expect(right.fit.epochs).toBe(7);
    expect(field(right, 'epochs').touched).toBe(true);
    const same = withField(wrong, READY, 'epochs', String(wrong.fit.epochs)).form;
    expect(same.errors).toEqual({});
    expect(same.touched.size).toBe(0);
  });

  it('gives model and training the same seed', () => {
    const { params, fit } = withField(form(), READY, 'seed', '42').form;
    expect([params.seed, fit.seed]).toEqual([42, 42]);
  });

  it('keeps output and loss possible together', () => {
    const bce = withField(form(), READY, 'loss', 'bce').form;
    expect(bce.params.output).toBe('sigmoid');
    const linear = withField(bce, READY, 'output', 'linear').form;
    expect(linear.params).toMatchObject({ output: 'linear', loss: 'mse' });
    expect(withField(form(), READY, 'loss', 'hinge').error).toMatch(/not one of the choices/);
  });

  it('says which changes reach a training that is under way', () => {
    expect(withField(form(), READY, 'learning_rate', '1e-4').live).toBe(true);
    expect(withField(form(), READY, 'epochs', '3').live).toBe(false);
  });

  it('knows which changes need a new model', () => {
    const before = form();
    expect(sameParams(before.params, withField(before, READY, 'epochs', '3').form.params)).toBe(true);
    for (const [name, text] of [
      ['hidden', '3'],
      ['latent', '3'],
      ['seed', '3'],
      ['activation', 'sigmoid'],
      ['loss', 'bce'],
    ] as const) {
      expect(sameParams(before.params, withField(before, READY, name, text).form.params), name).toBe(false);
    }
  });

  it('keeps what was typed when a table is prepared again, and nothing else', () => {
    const typed = withField(form(), READY, 'latent', '3').form;
    const next = formFor(featureInfo({ n: 150, d: 700 }), typed);
    const fresh = formFor(featureInfo({ n: 150, d: 700 }), null);
    expect(next.params).toEqual({ ...fresh.params, latent: 3 });
    expect(next.fit).toEqual(fresh.fit);
  });
});
