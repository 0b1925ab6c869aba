/**
 * Codes and types that say that an account has no money left. Several vendors send them with 429, where waiting does not
 * help.
 */
export const moneyTypes: readonly string[] = [
  'billing_error',
  'insufficient_quota',
  'insufficient_credits',
  'exceeded_current_quota_error', // Moonshot
  '1113', // Z.ai
  'Arrearage', // Alibaba
]
