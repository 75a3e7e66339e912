import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const readsEnvironment = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: 'The environment is read in the config files only.',
};
const impure = [
  {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: 'Pure: time comes in as an argument.',
  },
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'Pure: time comes in as an argument.',
  },
  {
    selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
    message: 'Pure: randomness comes in as an argument.',
  },
  { selector: 'AwaitExpression', message: 'Pure: decides, does not wait.' },
];

export default tseslint.config(
  {
    ignores: [
      'dist/',
      'node_modules/',
      'examples/',
      'coverage/',
      '*.cjs',
      'eslint.config.js',
      'build.mjs',
      'check.mjs',
      'test/images/*.mjs',
      'bench/*.mjs',
    ],
  },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/no-invalid-void-type': 'off',
      // They look at every assignment, for enums, of which there are none, and for classes as types, which are few.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // A field of an index signature is written ['x'], as tsconfig's noPropertyAccessFromIndexSignature asks.
      '@typescript-eslint/dot-notation': 'off',
      // SQLite, JSON and control characters in terminal output are this product's daily bread.
      'no-control-regex': 'off',
      'max-lines': ['warn', { max: 250, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['warn', { max: 50, skipBlankLines: true, skipComments: true }],
      'max-params': ['warn', 4],
      complexity: ['warn', 10],
      'no-console': 'error',
      'no-restricted-syntax': ['error', readsEnvironment],
    },
  },
  {
    files: ['**/config.ts', 'cli/main.ts', 'test/**', 'bench/**'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  { files: ['cli/output/**', 'bench/**'], rules: { 'no-console': 'off' } },
  // A table, one line a command.
  { files: ['cli/topics.ts'], rules: { 'max-lines': 'off' } },
  {
    files: [
      'daemon/run/reconcile/plan.ts',
      'daemon/run/rollout.ts',
      'daemon/run/restart-policy.ts',
      'buildpacks/**',
    ],
    rules: {
      'no-restricted-globals': ['error', 'setTimeout', 'setInterval', 'fetch'],
      'no-restricted-syntax': ['error', readsEnvironment, ...impure],
    },
  },
  // Runs in dynos: a program, and no decision. Its types stand in comments, where the linter does not see them all.
  {
    files: ['buildpacks/static-server/program/**'],
    rules: {
      'no-restricted-syntax': 'off',
      'no-restricted-globals': 'off',
      'no-undef': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  {
    files: ['test/**', 'bench/**'],
    rules: {
      'max-lines': 'off',
      'max-lines-per-function': 'off',
      'max-params': 'off',
      // Half of the linter's time, and of no use where the compiler is strict: nothing here is `any` but by a cast.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-deprecated': 'off',
    },
  },
);
