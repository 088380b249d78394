// The places of study, one beside the other.

import m from 'mithril';
import { t } from '../lang';

const PLACES = ['materials', 'feeds', 'plan', 'questions', 'quizzes',
    'ranking'] as const;

export function studyTabs(now: (typeof PLACES)[number]): m.Children {
    return m('nav.tabs.links', { 'aria-label': t('nav.study') },
        PLACES.map((place) =>
            m('a.tab',
                {
                    href: `#!/${place}`,
                    'aria-current': place === now ? 'page' : false,
                    'data-test': `study-${place}`,
                },
                t(`study.${place}`))));
}
