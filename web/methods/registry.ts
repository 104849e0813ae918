/**
 * What a person sees of each method: its name, one sentence about it, its stages, and the fields of its form.
 * Hard limits and defaults are not here: the kernels state them (`ready.methods`), and a test holds every soft
 * range inside the hard one.
 */
import type { Method } from '../protocol/messages.ts';

/** What changing a field costs: applies to a training under way, to the next one, or to a new model only. */
export type FieldCost = 'live' | 'continues' | 'starts again';

export interface MethodField {
  name: string; // as on the wire
  of: 'params' | 'fit'; // which of the two structs it belongs to
  label: string;
  help: string; // one sentence
  kind: 'integer' | 'number' | 'widths' | 'choice';
  choices: readonly { value: string; label: string }[]; // of kind 'choice'; else empty
  scale: 'linear' | 'log'; // of a slider
  soft: readonly [number, number]; // what is sensible, inside what is legal; of kind 'widths': of each width
  main: boolean; // else it is under "More"
  cost: FieldCost;
}

export interface MethodInfo {
  label: string;
  help: string;
  source: string; // the paper
  stages: Readonly<Record<string, string>>; // by the name that progress carries
  fields: readonly MethodField[];
}

type Numeric = Pick<MethodField, 'name' | 'label' | 'help' | 'scale' | 'soft' | 'main' | 'cost'>;

function integer(of: 'params' | 'fit', field: Numeric): MethodField {
  return { ...field, of, kind: 'integer', choices: [] };
}

function number(of: 'params' | 'fit', field: Numeric): MethodField {
  return { ...field, of, kind: 'number', choices: [] };
}

function choice(
  field: Pick<MethodField, 'name' | 'label' | 'help'>,
  choices: MethodField['choices'],
): MethodField {
  return {
    ...field,
    of: 'params',
    kind: 'choice',
    choices,
    scale: 'linear',
    soft: [0, 0],
    main: false,
    cost: 'starts again',
  };
}

const autoencoder: MethodInfo = {
  label: 'Autoencoder',
  help: 'Learns to squeeze each row through a narrow code and to rebuild it; the code is the map.',
  source: 'Hinton and Salakhutdinov 2006, Reducing the dimensionality of data with neural networks',
  stages: { read: 'Reading', features: 'Preparing columns', train: 'Training' },
  fields: [
    integer('fit', {
      name: 'epochs',
      label: 'Epochs',
      help: 'How often training goes through all rows.',
      scale: 'log',
      soft: [1, 500],
      main: true,
      cost: 'continues',
    }),
    integer('fit', {
      name: 'batch',
      label: 'Batch size',
      help: 'Rows that are looked at before the weights move once.',
      scale: 'log',
      soft: [8, 512],
      main: true,
      cost: 'continues',
    }),
    number('fit', {
      name: 'learning_rate',
      label: 'Learning rate',
      help: 'How far the weights move in one step (AdamW, Loshchilov and Hutter 2019).',
      scale: 'log',
      soft: [1e-5, 0.1],
      main: true,
      cost: 'live',
    }),
    {
      name: 'hidden',
      of: 'params',
      label: 'Hidden layers',
      help: 'Widths of the layers between a row and its code; the way back mirrors them.',
      kind: 'widths',
      choices: [],
      scale: 'log',
      soft: [2, 1024],
      main: true,
      cost: 'starts again',
    },
    integer('params', {
      name: 'latent',
      label: 'Latent size',
      help: 'Numbers in the code of a row; the map shows two of them.',
      scale: 'linear',
      soft: [1, 16],
      main: true,
      cost: 'starts again',
    }),
    choice(
      {
        name: 'activation',
        label: 'Activation',
        help: 'The bend in each hidden layer that lets it learn more than straight lines.',
      },
      [
        { value: 'relu', label: 'ReLU' },
        { value: 'leaky_relu', label: 'Leaky ReLU' },
        { value: 'elu', label: 'ELU' },
        { value: 'tanh', label: 'Tanh' },
        { value: 'sigmoid', label: 'Sigmoid' },
        { value: 'linear', label: 'Linear' },
      ],
    ),
    choice(
      {
        name: 'output',
        label: 'Output',
        help: 'Sigmoid keeps rebuilt values between 0 and 1; linear leaves them free.',
      },
      [
        { value: 'linear', label: 'Linear' },
        { value: 'sigmoid', label: 'Sigmoid' },
      ],
    ),
    choice(
      {
        name: 'loss',
        label: 'Loss',
        help: 'What training makes small: squared error, or cross-entropy for values between 0 and 1.',
      },
      [
        { value: 'mse', label: 'Mean squared error' },
        { value: 'bce', label: 'Binary cross-entropy' },
      ],
    ),
    number('fit', {
      name: 'weight_decay',
      label: 'Weight decay',
      help: 'Pulls weights towards zero in each step, so that the map stays smoother.',
      scale: 'log',
      soft: [0, 0.1],
      main: false,
      cost: 'continues',
    }),
    number('fit', {
      name: 'noise',
      label: 'Noise',
      help: 'Standard deviation of noise on the inputs that training has to remove (Vincent et al. 2008), in scaled units.',
      scale: 'linear',
      soft: [0, 1],
      main: false,
      cost: 'continues',
    }),
    number('fit', {
      name: 'heldout',
      label: 'Held out',
      help: 'Fraction of rows kept out of training, to see how well others are rebuilt.',
      scale: 'linear',
      soft: [0, 0.5],
      main: false,
      cost: 'starts again',
    }),
    integer('fit', {
      name: 'patience',
      label: 'Patience',
      help: 'Epochs without a better held-out loss after which training ends; 0 means never.',
      scale: 'linear',
      soft: [0, 50],
      main: false,
      cost: 'continues',
    }),
    integer('params', {
      name: 'seed',
      label: 'Seed',
      help: 'The same seed, data and fields give the same map, bit for bit.',
      scale: 'linear',
      soft: [0, 1000],
      main: false,
      cost: 'starts again',
    }),
  ],
};

export const methods: Readonly<Record<Method, MethodInfo>> = { ae: autoencoder };
