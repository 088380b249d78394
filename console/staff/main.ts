// The staff console: one page, its places by the part of the address after "#!".
//
//   api.ts live.ts session.ts settings.ts policy.ts   what comes from the daemon
//   queue.ts moves.ts document.ts drafts.ts           what is worked on
//   pages/  one file a place          parts/  what pages are made of
//   texts/  the words, in three languages of the same keys
//
// Elements that tests may hold on to carry data-test (and data-id where they are
// of one thing): they are stable, classes and words are not.
//
//   sign-in name password code sign-in-send sign-error sign-out sign-out-phone
//   nav-queue nav-map nav-dashboard nav-roundtable nav-broadcasts nav-calendar
//   nav-groups nav-accounts nav-documents nav-users nav-tokens nav-webhooks nav-audit nav-account nav-more lang
//   live (data-state: connecting open away) offline toast undo failed empty
//   dialog dialog-close dialog-save confirm-yes confirm-no
//   queue: tab-unassigned tab-mine tab-overdue tab-all search filter-open filters
//     filter-<kind|state|community|category|level|urgency|sort|ended|none> total
//     queue-list ticket-row (data-id) select select-all bulk bulk-<move> more
//     export-csv export-xlsx
//   ticket (data-id): back looking said event photo photo-large small-map notes
//     note note-text note-add similar merge-into stale unmask
//     category unit level assignee (facts)
//     moves moves-more move-<name> form-<name> text template unit category
//     urgency into photo-file move-send move-cancel
//   map-page map · dashboard period n-<new|closed|open|overdue|median|rating>
//     plot-<days|answer|category|community|level|rating>
//   roundtable quarter print paper
//   audit audit-actor audit-action audit-subject audit-list verify
//     verdict (data-ok)
//   broadcasts compose push-<all|state> push-search broadcast (data-id)
//   compose-page · broadcast-page (data-id, data-state): lane title text counter
//     text-<lang> photo-file file-input file link link-title ask-read
//     target-<groups|riders> audience sentence aud-card how-<all|any|none>
//     add-condition add-card card-drop condition (data-field) condition-field
//     condition-values(-open|-search|-options|-own|-done) condition-drop
//     live-count (data-busy) count excluded when-<now|at|again> when-time again
//     day-<MO…SU> month-day workday rrule hours missed upcoming upcoming-error
//     preview preview-<platform|lang> phone bubble kept kept-banner kept-take
//     kept-drop conflict take-theirs keep-mine returned discard copy save submit
//     moves move-<approve|return|pause|resume|cancel|recall|retry|retry_unknown>
//     note-text note-send progress bar pace outcomes n-<outcome|read|unread>
//     (data-n) account (data-id) account-state (data-state) unpark plot-reads
//     target-state target (data-id, data-state) export
//   planned-page planned-grid (data-day) planned (data-id) agenda kind-<kind>
//     month month-before month-after month-today
//   groups group (data-id) group-edit group-units group-stations group-tags
//     group-lang group-muted group-save group-search group-tag import-groups
//     import-riders import-file import-send import-result import-problems
//   accounts account (data-id) account-state (data-state) unpark
//   study-<materials|feeds|plan|questions|quizzes|ranking> nav-materials nav-events
//   materials material (data-id) material-<add|title|url|summary|approve|reject|
//     push|edit> tab-<new|approved|rejected> · feeds feed feed-<add|url|name|
//     fetch|error> · plan plan-<week|add|save> plan-material
//   questions question question-<add|import|kind|text|option|right|truth|edit>
//     import-file import-problems · quizzes quiz quiz-<add|kind|title|opens|closes|
//     question|open|close|results> rank
//   events event (data-id) event-<add|title|text|place|starts|ends|deadline|
//     capacity|family|accept|points|question|question-add|publish|push|close|
//     finish|cancel|cancel-note|edit|export> signup (data-id, data-state)
//     signup-<promote|attend|cancel> check-in check-in-<code|send> checked-in
//     stages-edit stage-<add|name> dimension-<add|name> judge score ranking
//   users user (data-id) user-add user-edit user-name user-display user-password
//     user-disabled grant grant-role grant-add
//   tokens token token-add token-name scope-<word> token-make token-secret
//   webhooks hook hook-add hook-url hook-make hook-secret hook-deliveries
//     deliveries-dead deliveries-waiting delivery replay
//   documents document-<name> editor-<name> as-form as-json json problems check
//     save conflict · template template-title template-text template-add
//     tree (data-id) unit-add unit-form unit-name unit-id unit-kind unit-level
//     unit-parent unit-below unit-done · route route-default route-add
//     rule-approval rule-holidays span-<quiet|peaks> span-add-<quiet|peaks>
//     calendar (data-day, data-look) year year-next hours-mon … hours-sun
//   account old new again password-send totp-begin totp-secret totp-uri
//     totp-code totp-finish totp-password totp-end

import m from 'mithril';
import { dropDrafts } from './drafts';
import { startLang, t } from './lang';
import { AccountPage } from './pages/account';
import { AccountsPage } from './pages/accounts';
import { AuditPage } from './pages/audit';
import { BroadcastPage, NewBroadcastPage } from './pages/broadcast';
import { BroadcastsPage } from './pages/broadcasts';
import { Dashboard } from './pages/dashboard';
import { Desk } from './pages/desk';
import { DocumentPage, DocumentsPage } from './pages/documents';
import { EventPage } from './pages/event';
import { EventsPage } from './pages/events';
import { FeedsPage } from './pages/feeds';
import { GroupsPage } from './pages/groups';
import { MapPage } from './pages/map';
import { MaterialsPage } from './pages/materials';
import { PlanPage } from './pages/plan';
import { PlannedPage } from './pages/planned';
import { QuestionsPage } from './pages/questions';
import { QuizzesPage, RankingPage } from './pages/quizzes';
import { RoundTablePage } from './pages/roundtable';
import { SignIn } from './pages/sign_in';
import { TokensPage } from './pages/tokens';
import { UsersPage } from './pages/users';
import { WebhooksPage } from './pages/webhooks';
import { Dialogs } from './parts/dialog';
import { allowed, Frame, MorePage, PLACES } from './parts/frame';
import { Toasts } from './parts/toast';
import { empty, waiting } from './parts/waiting';
import { loadPolicy } from './policy';
import { queue } from './queue';
import { may, session, startSession } from './session';
import { loadSettings } from './settings';
import './css/all.css';

type Params = Record<string, string>;

/** Somebody signed in, who may be another than before. */
function started(): void {
    dropDrafts();
    queue.reset();
    void loadPolicy();
}

function around(name: string, permission: string, page: m.Children): m.Children {
    if (!session.known) return m('.frame', waiting(6));
    const shown: m.Vnode<any> = !session.user
        ? m(SignIn, { key: 'sign-in', started })
        : m(Frame, { key: 'frame', name },
            !permission || may(permission) ? page : empty(t('error.forbidden')));
    return [
        shown,
        m(Dialogs, { key: 'dialogs' }),
        m(Toasts, { key: 'toasts' }),
    ];
}

function place(
    name: string,
    permission: string,
    view: (params: Params) => m.Children,
): m.Resolver {
    return {
        render: ({ attrs }) =>
            around(
                name,
                permission,
                session.user && (!permission || may(permission))
                    ? view(attrs)
                    : null,
            ),
    };
}

/** A reader hears where they are now; the first page speaks for itself. */
function arrived({ dom }: m.VnodeDom<unknown>): void {
    if (visits++ === 0) return;
    dom.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true });
}

let visits = 0;

/** A page that is alone in its frame, made anew for another key. */
function alone<A>(component: m.Component<A>, attrs: A, key: string): m.Children {
    return m('.around', [
        m('.page', { key, oncreate: arrived }, m(component, attrs)),
    ]);
}

/** A page that has no place of its own in the frame. */
function of(
    name: string,
    permission: string,
    component: m.Component,
): m.Resolver {
    return place(name, permission, () => alone(component, {}, name));
}

function simple(name: string, component: m.Component): m.Resolver {
    const known = PLACES.find((p) => p.path === `/${name}`);
    return of(name, known?.permission ?? '', component);
}

/** Where those begin who have no queue. */
const home = place('home', '', () => {
    const first = allowed()[0];
    if (first) setTimeout(() => m.route.set(first.path, null, { replace: true }));
    return waiting(4);
});

const desk = (name: string) =>
    place(name, 'tickets:read', (params) => {
        const { id, ...query } = params;
        queue.adopt(id ? {} : query);
        return alone(Desk, { id: id ?? '' }, 'desk');
    });

function routes(): Record<string, m.Resolver> {
    return {
        '/': home,
        '/queue': desk('queue'),
        '/ticket/:id': desk('ticket'),
        '/map': simple('map', MapPage),
        '/dashboard': simple('dashboard', Dashboard),
        '/roundtable': place('roundtable', 'statistics', (params) =>
            alone(RoundTablePage, { quarter: params['quarter'] ?? '' },
                'roundtable')),
        '/broadcasts': simple('broadcasts', BroadcastsPage),
        '/broadcasts/new': place('compose', 'broadcasts', () =>
            alone(NewBroadcastPage, {}, 'compose')),
        '/broadcasts/:id': place('broadcast', 'broadcasts', (params) =>
            alone(BroadcastPage, { id: params['id'] ?? '' },
                `broadcast ${params['id'] ?? ''}`)),
        '/calendar': simple('calendar', PlannedPage),
        '/groups': simple('groups', GroupsPage),
        '/accounts': simple('accounts', AccountsPage),
        '/materials': of('materials', 'study', MaterialsPage),
        '/feeds': of('feeds', 'study', FeedsPage),
        '/plan': of('plan', 'study', PlanPage),
        '/questions': of('questions', 'study', QuestionsPage),
        '/quizzes': of('quizzes', 'study', QuizzesPage),
        '/ranking': of('ranking', 'study', RankingPage),
        '/events': simple('events', EventsPage),
        '/event/:id': place('event', 'events', (params) =>
            alone(EventPage, { id: params['id'] ?? '' },
                `event ${params['id'] ?? ''}`)),
        '/documents': simple('documents', DocumentsPage),
        '/document/:name': place('document', 'documents', (params) =>
            alone(DocumentPage, { name: params['name'] ?? '' },
                `document ${params['name'] ?? ''}`)),
        '/users': simple('users', UsersPage),
        '/tokens': simple('tokens', TokensPage),
        '/webhooks': simple('webhooks', WebhooksPage),
        '/audit': simple('audit', AuditPage),
        '/account': simple('account', AccountPage),
        '/more': simple('more', MorePage),
        '/:other...': place('other', '', () =>
            m('.sheet', empty(t('error.noPage'),
                m('a.button.soft', { href: '#!/' }, t('nav.home'))))),
    };
}

async function start(): Promise<void> {
    startLang();
    const root = document.getElementById('app');
    if (!root) return;
    await loadSettings();
    m.route(root, '/', routes());
    await startSession(started);
}

void start();
