// An error in words, with what to do next.

import { Problem } from './api';
import { t, word } from './lang';

/** What is wrong, where it is plain with which field. */
export function ofCode(problem: Problem): string {
    const said = word('code', problem.code);
    if (said !== problem.code) return said;
    return problem.detail || t('error.invalid');
}

export function errorText(error: unknown): string {
    if (!(error instanceof Problem)) return t('error.page');
    const field = problemField(error);
    switch (error.status) {
        case 0:
            return t('error.network');
        case 401:
            return t(error.code === 'wrong' ? 'code.wrong' : 'error.signedOut');
        case 403:
            return t(error.code === 'own' ? 'code.own' : 'error.forbidden');
        case 404:
            return t('error.notFound');
        case 409:
            return error.code === 'stale' ? t('error.stale') : ofCode(error);
        case 413:
            return t('error.tooLarge');
        case 415:
            return t('error.noPhoto');
        case 400:
        case 422:
            return field ? `${ofCode(error)} (${field})` : ofCode(error);
        case 429:
            return error.waitS > 0
                ? t('error.waitSeconds', { n: error.waitS })
                : t('error.wait');
        case 503:
            return t('error.away');
    }
    return t('error.server', { status: error.status });
}

function problemField(error: Problem): string {
    return error.field ? word('field', error.field) : '';
}
