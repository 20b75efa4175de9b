// Run from the root of the repository: eslint looks at nothing above its working directory.
import js from '@eslint/js';
import globals from 'globals';

export default [
  { ignores: ['**/node_modules/**', 'target/**'] },
  js.configs.recommended,
  {
    files: ['crates/**/*.js'],
    languageOptions: { ecmaVersion: 2024, sourceType: 'module', globals: globals.browser },
    rules: {
      eqeqeq: 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      'no-restricted-properties': ['error',
        ...['innerHTML', 'outerHTML', 'insertAdjacentHTML'].map((property) => ({ property, message: 'names and texts are written by strangers: use textContent' })),
        { object: 'document', property: 'write' }],
      'no-restricted-globals': ['error', 'event', 'name', 'find'],
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-shadow': 'error',
      'consistent-return': 'off',
      'max-lines': ['error', 500],
    },
  },
  { files: ['tests/web/**/*.js'], languageOptions: { ecmaVersion: 2024, sourceType: 'module', globals: { ...globals.node, ...globals.browser } } },
];
