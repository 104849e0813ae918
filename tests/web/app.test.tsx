// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, within } from '@testing-library/preact';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { App } from '../../web/ui/app.tsx';
import { type DroppedData, readDrop } from '../../web/ui/drop-overlay.tsx';
import { dropWords } from '../../web/ui/drop-words.ts';
import { panels } from '../../web/ui/lazy-panels.tsx';
import { pressed } from '../../web/ui/shortcuts.ts';
import { AFTER, BEFORE, openPanel, redraw, rowsFrom, trainedBench } from './panels-fixture.ts';
import {
  type Bench,
  CATALOG,
  columnInfo,
  createBench,
  csvFile,
  ESTIMATE,
  featureInfo,
  progressOf,
  READY,
  runResult,
  settle,
  tableInfo,
  trainingBench,
  wineColumns,
} from './session-fixture.ts';

beforeAll(async () => {
  await panels.enter();
  /* The picture itself is tested in a browser. */
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(null);
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
});

let benches: Bench[] = [];

afterEach(() => {
  cleanup();
  for (const { actions } of benches) actions.disposeView();
  benches = [];
});

function mount<B extends Bench>(bench: B): B {
  benches.push(bench);
  bench.store.catalog.value = CATALOG;
  render(<App store={bench.store} actions={bench.actions} />);
  return bench;
}

function button(name: string): HTMLElement {
  return screen.getByRole('button', { name });
}

function disabled(name: string): boolean {
  return button(name).getAttribute('aria-disabled') === 'true';
}

describe('the names that people and scripts rely on', () => {
  it('are there while a model trains', async () => {
    const { store } = mount(await trainingBench());
    await redraw();
    expect(screen.getByLabelText('Open a data file').getAttribute('type')).toBe('file');
    expect(screen.getByRole('combobox', { name: 'Data set' })).toBeTruthy();
    const columns = screen.getByRole('table', { name: 'Columns' });
    for (const column of wineColumns()) {
      expect(within(columns).getByRole('combobox', { name: `Role of ${column.name}` })).toBeTruthy();
    }
    expect(screen.getByRole('combobox', { name: 'Scaling' })).toBeTruthy();
    const methods = screen.getByRole('radiogroup', { name: 'Method' });
    expect(within(methods).getAllByRole('radio')).toHaveLength(1);
    expect(within(methods).getByRole('radio', { name: 'Autoencoder' })).toHaveProperty('checked', true);
    const parameters = screen.getByRole('group', { name: 'Parameters' });
    const textFields = [
      'Epochs',
      'Batch size',
      'Learning rate',
      'Hidden layers',
      'Latent size',
      'Seed',
      'Held out',
    ];
    for (const name of textFields) {
      expect(within(parameters).getByLabelText(name).tagName, name).toBe('INPUT');
    }
    const buttons = ['Pause', 'Step', 'Stop', 'Theme', 'Help', 'Undo', 'Redo', 'Export'];
    for (const name of buttons) expect(button(name)).toBeTruthy();
    expect(screen.getByRole('progressbar', { name: 'Progress' })).toBeTruthy();
    for (const name of ['Loss', 'Map', 'Inspector', 'Legend', 'Rows', 'Selection']) {
      expect(screen.getByRole('region', { name }), name).toBeTruthy();
    }
    const selection = within(screen.getByRole('region', { name: 'Selection' }));
    const acts = [
      'Retrain on selection',
      'Train from scratch on selection',
      'Exclude',
      'Keep only',
      'Invert',
      'Clear',
      'Random',
    ];
    for (const name of acts) expect(selection.getByRole('button', { name }), name).toBeTruthy();
    expect(selection.getByRole('slider', { name: 'Focus' })).toBeTruthy();
    expect(selection.getByLabelText('Random rows').tagName).toBe('INPUT');
    expect(screen.getByRole('status', { name: 'Messages' }).getAttribute('aria-live')).toBe('polite');
    expect(store.phase.value.kind).toBe('running');
  });
});

describe('the run panel', () => {
  it('enables only what makes sense', async () => {
    const bench = mount(await trainingBench());
    await redraw();
    expect([disabled('Pause'), disabled('Step'), disabled('Stop')]).toEqual([false, true, false]);
    fireEvent.click(button('Pause'));
    await redraw();
    expect([disabled('Resume'), disabled('Step'), disabled('Stop')]).toEqual([false, false, false]);
    fireEvent.click(button('Step'));
    await redraw();
    expect(bench.engine.sent.at(-1)).toMatchObject({ type: 'resume', epochs: 1 });
    const sent = bench.engine.sent.length;
    fireEvent.click(button('Step'));
    expect(bench.engine.sent).toHaveLength(sent);
  });

  it('shows epochs, losses, rate and how it ended', async () => {
    const bench = mount(await trainingBench());
    bench.actions.onProgress(
      progressOf(bench.job, {
        epoch: 1,
        epochs: 20,
        done: 50,
        rows_per_second: 5123.4,
        series: [{ epoch: 1, train: 0.051234, heldout: 0.0529 }],
      }),
    );
    await redraw();
    expect(screen.getByText('epoch 1 of 20')).toBeTruthy();
    expect(screen.getByText(/5,123 rows\/s/)).toBeTruthy();
    const loss = screen.getByRole('region', { name: 'Loss' });
    expect(within(loss).getByText(/after epoch 1/).textContent).toContain('mean squared error per feature');
    expect(document.querySelector('.losses')?.textContent).toContain('0.05123');
    const bar = screen.getByRole('progressbar', { name: 'Progress' });
    expect(bar.getAttribute('aria-valuenow')).toBe('50');
    expect(bar.getAttribute('aria-valuetext')).toBe('epoch 1 of 20, loss 0.05123, about 5 s left');
    const message = 'Ended after 12 of 20 epochs: the held-out loss no longer got better.';
    await bench.engine.waiting('run').answer(runResult({ reason: 'plateau', message }));
    await redraw();
    expect(document.querySelector('.outcome')?.textContent).toBe(message);
    expect(button('Train')).toBeTruthy();
    expect(button('Start again')).toBeTruthy();
  });

  it('offers the next step after a training ran away', async () => {
    const bench = mount(await trainingBench());
    await bench.engine
      .waiting('run')
      .answer(runResult({ outcome: 'stopped', reason: 'diverged', suggested_learning_rate: 1e-4 }));
    await redraw();
    fireEvent.click(button('Try learning rate 1e-4'));
    await redraw();
    expect(bench.engine.waiting('run').body.fit.learning_rate).toBe(1e-4);
  });
});

describe('fields', () => {
  it('say what is wrong under the field, keep the old value, and can be put back', async () => {
    const bench = mount(await trainingBench());
    await redraw();
    const epochs = screen.getByLabelText<HTMLInputElement>('Epochs');
    const before = bench.store.form.value?.fit.epochs;
    fireEvent.input(epochs, { target: { value: '1e' } });
    await redraw();
    expect(epochs.getAttribute('aria-invalid')).toBeNull();
    fireEvent.change(epochs, { target: { value: '1e' } });
    await redraw();
    expect(epochs.getAttribute('aria-invalid')).toBe('true');
    expect(epochs.value).toBe('1e');
    const described = (epochs.getAttribute('aria-describedby') ?? '').split(' ');
    const words = described.map((id) => document.getElementById(id)?.textContent ?? '').join(' ');
    expect(words).toContain('“1e” is not a number. Still');
    expect(bench.store.form.value?.fit.epochs).toBe(before);
    fireEvent.keyDown(epochs, { key: 'Escape' });
    await redraw();
    expect(epochs.value).toBe(String(before));
    expect(epochs.getAttribute('aria-invalid')).toBeNull();
  });

  it('take what was typed, and give it back to the shape of the data', async () => {
    const bench = mount(await trainingBench());
    await redraw();
    const hidden = screen.getByLabelText<HTMLInputElement>('Hidden layers');
    const before = hidden.value;
    fireEvent.input(hidden, { target: { value: '10 5' } });
    fireEvent.change(hidden, { target: { value: '10 5' } });
    await redraw();
    expect(bench.store.form.value?.params.hidden).toEqual([10, 5]);
    expect(hidden.value).toBe('10, 5');
    fireEvent.click(screen.getByText('Back to what the data’s shape suggests'));
    await redraw();
    expect(hidden.value).toBe(before);
  });

  it('a refused model says so, once, and can’t be trained', async () => {
    const bench = createBench();
    bench.engine.answers.estimate = () => ({
      ...ESTIMATE,
      bytes: 1.4e9,
      available: 1e9,
      step_seconds: 12,
      refused:
        'This model needs more memory than the 1.0 GB there are. It would take 1.4 GB and 12 s for a step.',
    });
    mount(bench);
    bench.actions.onReady(READY);
    void bench.actions.open(csvFile());
    await settle();
    const open = bench.engine.waiting('open');
    await open.answer(tableInfo(open.body.table));
    await redraw();
    expect(screen.getByRole('alert').textContent).toBe(bench.store.estimate.value?.refused);
    expect(disabled('Train')).toBe(true);
  });
});

describe('columns', () => {
  it('change role by their menu', async () => {
    const bench = mount(await trainingBench());
    await bench.engine.waiting('run').answer(runResult());
    await redraw();
    const role = screen.getByRole<HTMLSelectElement>('combobox', { name: 'Role of quality' });
    expect(role.value).toBe('label');
    fireEvent.change(role, { target: { value: 'ignored' } });
    await redraw();
    expect(bench.store.table.value?.roles[3]).toBe('ignored');
  });

  it('list what was done', async () => {
    mount(await trainingBench());
    await redraw();
    const panel = screen.getByRole('region', { name: 'Data' });
    expect(panel.textContent).toContain('The separator is a semicolon.');
    expect(panel.textContent).toContain('12 missing values in 1 column filled with the median.');
    expect(screen.getByText('4,898 rows, 4 columns')).toBeTruthy();
  });

  it('show names from the file as text, whatever is in them (RELIABILITY 22, 23)', async () => {
    const bench = createBench();
    mount(bench);
    bench.actions.onReady(READY);
    void bench.actions.open(csvFile('<img src=x onerror=alert(1)>.csv'));
    await settle();
    const open = bench.engine.waiting('open');
    const evil = '<img src=x onerror=alert(1)>\u202E\u0007';
    const columns = [columnInfo(evil), columnInfo('b', { missing: 3, bad_cells: 2 })];
    bench.engine.answers.prepare = () => featureInfo({ names: [evil, 'b'], d: 2 });
    await open.answer(tableInfo(open.body.table, { name: `${evil}.csv`, columns, notes: [evil] }));
    await redraw();
    expect(document.querySelector('img')).toBeNull();
    const columnsTable = screen.getByRole('table', { name: 'Columns' });
    expect(columnsTable.textContent).toContain('<img src=x onerror=alert(1)>‹U+202E›␇');
    expect(columnsTable.textContent).toContain('3 missing, 2 not numbers');
  });

  it('stand as one when there are very many, and open on demand', async () => {
    const bench = createBench();
    mount(bench);
    bench.actions.onReady(READY);
    void bench.actions.open(csvFile());
    await settle();
    const open = bench.engine.waiting('open');
    const columns = Array.from({ length: 784 }, (_, i) => columnInfo(`pixel ${i + 1}`, { max: 255 }));
    bench.engine.answers.prepare = () => featureInfo({ d: 784 });
    await open.answer(tableInfo(open.body.table, { columns }));
    await redraw();
    const table = screen.getByRole('table', { name: 'Columns' });
    expect(within(table).getAllByRole('combobox')).toHaveLength(1);
    expect(within(table).getByRole('combobox', { name: 'Role of pixel 1 … pixel 784' })).toBeTruthy();
    fireEvent.click(within(table).getByRole('button'));
    await redraw();
    const drawn = within(table).getAllByRole('combobox').length;
    expect(drawn).toBeGreaterThan(5);
    expect(drawn).toBeLessThan(60);
  });
});

describe('the states of the page', () => {
  it('empty: an invitation', async () => {
    const bench = mount(createBench({ catalog: [] }));
    void bench.actions.start();
    bench.actions.onReady(READY);
    await redraw();
    expect(screen.getAllByText(/Drop a CSV here, or/).length).toBeGreaterThan(0);
    expect(screen.queryByRole('button', { name: 'Train' })).toBeNull();
  });

  it('opening: what, how far, and a way out', async () => {
    const bench = mount(createBench());
    bench.actions.onReady(READY);
    void bench.actions.open(csvFile());
    await settle();
    const { job } = bench.engine.waiting('open').body;
    bench.actions.onProgress(progressOf(job, { done: 9e6, total: 18e6, seconds_left: 2 }));
    await redraw();
    const bar = screen.getByRole('progressbar', { name: 'Opening' });
    expect(bar.getAttribute('aria-valuenow')).toBe('50');
    expect(bar.getAttribute('aria-valuetext')).toBe('Reading, 9.0 MB of 18.0 MB, 2 s left');
    fireEvent.click(button('Cancel'));
    await redraw();
    expect(screen.queryByRole('progressbar', { name: 'Opening' })).toBeNull();
    expect(bench.store.notices.value).toEqual([]);
  });

  it('failed: what happened, said at once, with details to copy', async () => {
    const bench = mount(await trainingBench());
    const failure = { code: 'no_memory', message: 'Not enough memory.', hint: 'Use fewer rows.' };
    await bench.engine.waiting('run').refuse(failure);
    await redraw();
    const alert = screen.getByRole('alert');
    expect(alert.textContent).toContain('Not enough memory. Use fewer rows.');
    fireEvent.click(within(alert).getByRole('button', { name: 'Copy details' }));
    await redraw();
    expect(bench.copied).toHaveLength(1);
    fireEvent.click(within(alert).getByRole('button', { name: 'Dismiss' }));
    await redraw();
    expect(screen.queryByRole('alert')).toBeNull();
    fireEvent.click(button('Try again'));
    await redraw();
    expect(bench.store.phase.value.kind).toBe('running');
  });

  it('failed with a place in the file: three sentences', async () => {
    const bench = mount(createBench());
    bench.actions.onReady(READY);
    void bench.actions.open(csvFile());
    await settle();
    const failure = {
      code: 'bad_file',
      message: 'Rows differ.',
      where: 'lines 2, 11',
      hint: 'Correct them.',
    } as const;
    await bench.engine.waiting('open').refuse(failure);
    await redraw();
    expect(screen.getByRole('alert').textContent).toContain('Rows differ. Lines 2, 11. Correct them.');
  });

  it('failed before anything was there: why, and a way to try again', async () => {
    const bench = mount(createBench());
    const message = 'The compute module could not be loaded.';
    bench.actions.onLost({ code: 'worker_start', message, hint: 'Reload the page.' }, false, true);
    await redraw();
    expect(screen.getByRole('heading', { name: message })).toBeTruthy();
    fireEvent.click(button('Try again'));
    await redraw();
    expect(bench.engine.restarts).toBe(1);
  });

  it('asked: a file dropped while a model trains', async () => {
    const bench = mount(await trainingBench());
    void bench.actions.open(csvFile('other.csv'));
    await redraw();
    const question = 'Training is under way. Open other.csv instead?';
    expect(document.querySelector('.notice p')?.textContent).toBe(question);
    expect(screen.getByRole('status', { name: 'Messages' }).textContent).toBe(question);
    fireEvent.click(button('Keep training'));
    await redraw();
    expect(document.querySelector('.notice')).toBeNull();
    expect(bench.store.phase.value.kind).toBe('running');
  });
});

describe('keys', () => {
  it('Space pauses and resumes, a full stop steps', async () => {
    const bench = mount(await trainingBench());
    await redraw();
    fireEvent.keyDown(document.body, { key: ' ' });
    await redraw();
    expect(bench.store.phase.value.kind).toBe('paused');
    fireEvent.keyDown(document.body, { key: '.' });
    await redraw();
    expect(bench.engine.sent.at(-1)).toMatchObject({ type: 'resume', epochs: 1 });
  });

  it('choose the tool, and retrain on the selection', async () => {
    const bench = mount(await trainedBench());
    for (const [key, tool] of Object.entries({ l: 'lasso', b: 'box', K: 'brush', g: 'pan' })) {
      fireEvent.keyDown(document.body, { key });
      expect(bench.store.tool.value).toBe(tool);
    }
    fireEvent.keyDown(document.body, { key: 'r' });
    await redraw();
    expect(bench.engine.count('measure')).toBe(0);
    expect(bench.store.announcement.value).toMatch(/^Select/);
    bench.actions.selectBits(rowsFrom(490, 100), { kind: 'all' }, 'replace');
    fireEvent.keyDown(document.body, { key: 'r' });
    await redraw();
    expect(bench.engine.waiting('run').body.fit.selection).toEqual(rowsFrom(490, 100));
  });

  it('undo and redo, also when single keys are switched off, but not in a field', async () => {
    const bench = mount(await trainedBench());
    bench.actions.setShortcuts(false);
    bench.actions.selectBits(rowsFrom(0, 412), { kind: 'all' }, 'replace');
    await redraw();
    expect(button('Undo').title).toBe('Undo selection of 412 rows (Ctrl+Z)');
    expect(button('Redo').title).toBe('Nothing to redo');
    const press = async (target: Element, change: object): Promise<number> => {
      fireEvent.keyDown(target, change);
      await redraw();
      return bench.store.selection.value.count;
    };
    expect(await press(screen.getByLabelText('Epochs'), { key: 'z', ctrlKey: true })).toBe(412);
    expect(await press(document.body, { key: 'z', ctrlKey: true })).toBe(0);
    expect(button('Redo').title).toBe('Redo selection of 412 rows (Ctrl+Shift+Z)');
    expect(await press(document.body, { key: 'Z', ctrlKey: true, shiftKey: true })).toBe(412);
    expect(await press(document.body, { key: 'z', metaKey: true })).toBe(0);
    expect(await press(document.body, { key: 'y', ctrlKey: true })).toBe(412);
    fireEvent.click(button('Undo'));
    await redraw();
    expect(bench.store.selection.value.count).toBe(0);
  });

  it('do nothing while typing, with Ctrl, or when switched off', async () => {
    const bench = mount(await trainingBench());
    await redraw();
    const epochs = screen.getByLabelText('Epochs');
    fireEvent.keyDown(epochs, { key: ' ' });
    fireEvent.keyDown(document.body, { key: ' ', ctrlKey: true });
    bench.actions.setShortcuts(false);
    fireEvent.keyDown(document.body, { key: ' ' });
    await redraw();
    expect(bench.store.phase.value.kind).toBe('running');
  });

  it('a Space on a button presses that button only', () => {
    const held = { ctrlKey: false, metaKey: false, altKey: false, shiftKey: false };
    const press = { ...held, repeat: false, defaultPrevented: false };
    const target = document.createElement('button');
    expect(pressed({ ...press, key: ' ', target })).toBeNull();
    expect(pressed({ ...press, key: '?', target })).toBe('help');
    expect(pressed({ ...press, key: ' ', target: document.body })).toBe('toggle');
    expect(pressed({ ...press, key: ' ', target: document.body, repeat: true })).toBeNull();
  });
});

describe('the foot of the page after a retrain', () => {
  it('says what it did to the errors, and shows the losses of selection and rest', async () => {
    const bench = mount(await trainedBench());
    bench.engine.answers.measure = () => (bench.engine.count('measure') === 1 ? BEFORE : AFTER);
    bench.actions.selectBits(rowsFrom(490, 400), { kind: 'class', column: 3, classes: ['5'] }, 'replace');
    await redraw();
    fireEvent.click(button('Retrain on selection'));
    await redraw();
    const run = bench.engine.waiting('run');
    const last = { epoch: 7, train: 0.21, heldout: 0.35, selection: 0.1812, rest: 0.4123 };
    bench.actions.onProgress(progressOf(run.body.job, { epoch: 3, epochs: 5, series: [last] }));
    await redraw();
    expect(document.querySelector('.epoch')?.textContent).toBe('Retraining on quality 5: epoch 3 of 5');
    await run.answer(runResult({ epochs: 5, steps: 200, message: 'Retrained 5 epochs on 400 rows.' }));
    await redraw();
    const words = 'Quality 5 −50 %, rest +50 %; most forgotten: quality 7.';
    expect(document.querySelector('.outcome')?.textContent).toBe(words);
    const numbers = [...document.querySelectorAll('.losses dl > div')].map((one) => one.textContent);
    expect(numbers).toEqual([
      ' train0.2100',
      ' held out0.3500',
      ' selection, a sample of its trained rows0.1812',
      ' rest, a sample of its trained rows0.4123',
    ]);
    const loss = screen.getByRole('region', { name: 'Loss' });
    const heads = [...loss.querySelectorAll('thead th')].map((head) => head.textContent);
    expect(heads).toEqual(['Epoch', 'Train', 'Held out', 'Selection', 'Rest']);
    const retrains = screen.getByRole('region', { name: 'Retrains' });
    expect(within(retrains).getByRole('button', { name: 'Return to 0' })).toBeTruthy();
  });

  it('says when a model is worse than the mean, with one thing to try', async () => {
    const bench = mount(await trainingBench());
    bench.engine.answers.prepare = () => featureInfo({ baseline: 1 });
    const series = [
      { epoch: 1, train: 3, heldout: 3 },
      { epoch: 2, train: 1.5, heldout: 1.6 },
    ];
    bench.actions.onProgress(progressOf(bench.job, { epoch: 2, epochs: 2, series }));
    await bench.engine.waiting('run').answer(runResult({ message: 'Trained 2 epochs.', train: 1.5 }));
    await redraw();
    const words = 'Trained 2 epochs. Its error is above 1, that of predicting the mean: train on.';
    expect(document.querySelector('.outcome')?.textContent).toBe(words);
  });
});

describe('exporting rows', () => {
  it('of all or of the selected ones, guarded unless that is switched off', async () => {
    const bench = mount(await trainedBench());
    let panel = await openPanel('Export');
    expect(within(panel).getByRole('button', { name: 'Selected rows (CSV)' }).title).toBe(
      'Select rows first.',
    );
    fireEvent.click(within(panel).getByRole('button', { name: 'All rows (CSV)' }));
    await redraw();
    expect(bench.engine.sent.at(-1)).toMatchObject({ type: 'export', only: false, protect: true });
    expect(bench.saved).toHaveLength(1);
    bench.actions.selectBits(rowsFrom(0, 3), { kind: 'all' }, 'replace');
    panel = await openPanel('Export');
    const guard = within(panel).getByRole('checkbox', { name: /^Guard text/ });
    fireEvent.click(guard);
    await redraw();
    fireEvent.click(within(panel).getByRole('button', { name: 'Selected rows (CSV)' }));
    await redraw();
    expect(bench.engine.sent.filter(({ type }) => type === 'export').at(-1)).toMatchObject({
      only: true,
      protect: false,
      selection: rowsFrom(0, 3),
    });
  });
});

describe('a drop (RELIABILITY 27)', () => {
  const file = csvFile();
  const item = (change: Partial<DroppedData['items'][number]> = {}) => ({
    kind: 'file',
    type: 'text/csv',
    ...change,
  });
  const folder = item({ webkitGetAsEntry: () => ({ isDirectory: true }) as FileSystemEntry });

  it.each<[string, DroppedData | null, RegExp]>([
    ['a folder', { files: [file], items: [folder] }, /folder/],
    ['several files', { files: [file, file], items: [item(), item()] }, /2 files/],
    ['a link', { files: [], items: [item({ kind: 'string', type: 'text/uri-list' })] }, /link/],
    ['text', { files: [], items: [item({ kind: 'string', type: 'text/plain' })] }, /text/],
    ['nothing', { files: [], items: [] }, /Nothing/],
    ['nothing at all', null, /Nothing/],
  ])('of %s is explained', (_, data, sentence) => {
    const dropped = readDrop(data);
    expect('what' in dropped && dropWords(dropped)).toMatch(sentence);
  });

  it('of one file opens it', () => {
    expect(readDrop({ files: [file], items: [item()] })).toEqual({ file });
  });

  it('anywhere in the window shows what will happen, then opens the file', async () => {
    const bench = mount(createBench());
    bench.actions.onReady(READY);
    const enter = new Event('dragenter', { bubbles: true, cancelable: true });
    document.body.dispatchEvent(enter);
    await redraw();
    expect(screen.getByText('Drop to read it here')).toBeTruthy();
    expect(enter.defaultPrevented).toBe(true);
    const drop = new Event('drop', { bubbles: true, cancelable: true });
    Object.assign(drop, { dataTransfer: { files: [file], items: [item()] } });
    document.body.dispatchEvent(drop);
    await redraw();
    expect(drop.defaultPrevented).toBe(true);
    expect(screen.queryByText('Drop to read it here')).toBeNull();
    expect(bench.engine.waiting('open').body.source).toMatchObject({ name: 'wine.csv' });
  });
});

describe('the theme', () => {
  it('goes round through system, light and dark', async () => {
    const bench = mount(await trainingBench());
    await redraw();
    for (const theme of ['light', 'dark', 'system']) {
      fireEvent.click(button('Theme'));
      expect(bench.store.theme.value).toBe(theme);
      expect(bench.themes.at(-1)).toBe(theme);
    }
  });
});
