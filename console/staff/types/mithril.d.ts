// What the console uses of Mithril 1.1.6, which Debian packages without types.

declare module 'mithril' {
    namespace m {
        interface ChildArray extends Array<Children> {}
        type Child = Vnode<any> | string | number | boolean | null | undefined;
        type Children = Child | ChildArray;

        interface Attrs {
            key?: string | number;
            oncreate?(vnode: VnodeDom<any>): void;
            onupdate?(vnode: VnodeDom<any>): void;
            onremove?(vnode: VnodeDom<any>): void;
            [name: string]: unknown;
        }

        interface Vnode<A> {
            tag: unknown;
            attrs: A;
            children: Children;
            dom?: Element;
        }

        interface VnodeDom<A> extends Vnode<A> {
            dom: Element;
        }

        interface View<A> {
            view(vnode: Vnode<A>): Children;
            oncreate?(vnode: VnodeDom<A>): void;
            onbeforeupdate?(vnode: Vnode<A>, old: Vnode<A>): boolean;
            onupdate?(vnode: VnodeDom<A>): void;
            onremove?(vnode: VnodeDom<A>): void;
        }

        /** A component keeps its state in the closure it is called for. */
        type Component<A = {}> = (vnode: Vnode<A>) => View<A>;

        interface Resolver {
            render(vnode: Vnode<Record<string, string>>): Children;
        }

        interface Route {
            (root: Element, home: string, routes: Record<string, Resolver>): void;
            set(
                path: string,
                data?: Record<string, unknown> | null,
                options?: { replace?: boolean },
            ): void;
            get(): string;
            param(name: string): string | undefined;
        }

        interface Mithril {
            (selector: string, ...children: Children[]): Vnode<Attrs>;
            (
                selector: string,
                attrs: Attrs,
                ...children: Children[]
            ): Vnode<Attrs>;
            <A>(
                component: Component<A>,
                attrs?: A | (A & { key?: string | number }),
                ...children: Children[]
            ): Vnode<A>;
            redraw(): void;
            mount(root: Element, component: { view(): Children } | null): void;
            route: Route;
            buildQueryString(values: Record<string, unknown>): string;
        }
    }
    const m: m.Mithril;
    export default m;
}
