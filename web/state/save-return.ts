/**
 * Puts saved work on screen: the data as they were read, the model with its history, what was selected, hidden and
 * coloured. All of it or nothing: the model takes its weights before anything of the old work has gone.
 */

import { batch } from '@preact/signals';
import { failure } from '../protocol/failure.ts';
import type { TableInfo } from '../protocol/messages.ts';
import { THIS_TABLE, type Work, type WorkModel } from '../storage/work.ts';
import type { Desk } from './actions.ts';
import type { Company, Prepared } from './open-actions.ts';
import { nodeName } from './retrain-story.ts';
import { lostText } from './save-text.ts';
import type { CatalogEntry, HistoryNode } from './store.ts';

function checkData({ data }: Work): (info: TableInfo) => void {
  return ({ rows, columns, fingerprint }) => {
    if (fingerprint === data.fingerprint && rows === data.rows && columns.length === data.columns) return;
    throw failure(
      'file_changed',
      data.origin === 'file'
        ? `It is not the ${data.name} that was saved: rows or values are others.`
        : 'The set is another one now than when the work was saved.',
    );
  };
}

/** The states with the table that they are of by now. Another one is gone: no table has its number. */
function statesOn(model: WorkModel, table: number): HistoryNode[] {
  return model.nodes.map((node) => ({
    ...node,
    fits: node.fits.map((fit) =>
      fit.table === undefined ? fit : { ...fit, table: fit.table === THIS_TABLE ? table : -1 },
    ),
  }));
}

export async function putBack(desk: Desk, work: Work, source: File | CatalogEntry): Promise<boolean> {
  const { session, opener, runner, models, recorder, undo, view, selection } = desk;
  const { store, engine } = session;
  const { model: saved, data } = work;

  async function withModel(
    { table }: Prepared,
    { method, params, axes, at, snapshots }: WorkModel,
  ): Promise<Company> {
    const nodes = statesOn({ ...(saved as WorkModel) }, table);
    const [node, snapshot] = [nodes[at], snapshots.get(at)];
    const fit = node?.fits.at(-1);
    if (!node || !snapshot || !fit) throw failure('internal', 'The saved state is missing.');
    const made = await models.make(table, { method, params, fit }, axes);
    try {
      const { model } = made.info;
      const { buffer } = snapshot;
      const info = await engine.request({
        type: 'restore',
        model,
        buffer,
        align: node.align,
        axes: node.axes,
      });
      if (info.steps !== node.steps) throw failure('bad_file', 'The saved model is of another state.');
      return {
        show() {
          models.show({ ...made, info, losses: node.losses, result: node.result }, axes);
          recorder.adopt(nodes, at, snapshots);
          store.task.value = { kind: 'return', title: `Bringing ${data.name} back`, stage: 'run' };
          store.phase.value = { kind: 'running', job: engine.nextId(), stopping: true };
        },
        drop: () => models.free(made.info.model),
      };
    } catch (error) {
      models.free(made.info.model);
      throw error;
    }
  }

  /** What was chosen in the panels. */
  function putForms(): void {
    const { form, retrain } = work;
    const now = store.form.peek();
    if (form && now) {
      runner.adoptForm({ ...form, errors: {}, touched: new Set(form.touched) });
    }
    store.retrain.value = { ...retrain, errors: {} };
    view.setPointSize(work.pointSize);
  }

  /** Sets of rows, colours and the view, over the map that is there by now. */
  function putChoices(): void {
    const { bits, maker } = work.selection;
    const { entries, only } = work.hidden;
    batch(() => {
      if (bits) selection.selectBits(bits, maker, 'replace');
      store.named.value = work.named;
      store.bulk.only = only;
    });
    view.setColour(work.colour);
    batch(() => {
      store.hidden.value = { ...store.hidden.peek(), entries: new Set(entries), only: only !== null };
      view.refreshFlags();
    });
    if (work.camera) store.bulk.lens?.look(work.camera);
    undo.clear();
  }

  const opened = await opener.openAs(source, {
    hints: data.hints,
    roles: work.roles,
    scale: work.scale,
    check: checkData(work),
    ...(saved ? { also: (prepared: Prepared) => withModel(prepared, saved) } : {}),
  });
  if (!opened) return false;
  const table = store.table.peek()?.info.table;
  const here = (): boolean => store.table.peek()?.info.table === table;
  putForms();
  if (saved) {
    try {
      await recorder.arrive(saved.at);
    } catch (error) {
      /* The weights are there; before anything is done with them they are put in again, and drawn. */
      if (here()) recorder.doubt();
      session.report(error, 'The map can’t be drawn.', '', 'return');
    }
    if (!here()) return false;
    batch(() => {
      store.task.value = null;
      store.phase.value = runner.restingPhase();
    });
  }
  putChoices();
  const node = saved?.nodes[saved.at];
  const lost = lostText(work.underWay);
  if (lost) session.notify({ tone: 'info', text: lost, about: 'return' });
  session.announce(
    [`${data.name} is back${node ? `, at ${nodeName(node)}` : ''}.`, lost].filter(Boolean).join(' '),
  );
  return true;
}
