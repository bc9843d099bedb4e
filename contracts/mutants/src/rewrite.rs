//! Rewrites a source file so that each mutant stands behind its number: `if crate::mutant::is(17) { changed } else { as it was }`.
//! Only one is active at a time, so a changed form holds the original of all that is inside it, and the file grows little.

use std::collections::{BTreeMap, BTreeSet};

use syn::{
    parse_quote,
    spanned::Spanned,
    visit_mut::{self, VisitMut},
    Attribute, Block, Expr, ImplItemFn, ItemFn, Signature, Stmt,
};

use crate::{
    mutation::Mutant,
    operators::{self, compact, Variants},
};

pub struct Rewritten {
    pub text: String,
    pub mutants: Vec<Mutant>,
}

/// `next` is the number of the next mutant; those whose key is `refused` are left out.
pub fn rewrite(file: &'static str, source: &str, next: &mut u32, refused: &BTreeSet<String>) -> Result<Rewritten, String> {
    let mut tree = syn::parse_file(source).map_err(|e| format!("{file}: {e}"))?;
    let mut rewriter = Rewriter {
        file,
        lines: source.lines().collect(),
        money: if file.starts_with("core/") { parse_quote!(crate::money) } else { parse_quote!(flashback_core::money) },
        next,
        refused,
        seen: BTreeMap::new(),
        mutants: Vec::new(),
    };
    rewriter.visit_file_mut(&mut tree);
    let mutants = rewriter.mutants;
    Ok(Rewritten { text: prettyplease::unparse(&tree), mutants })
}

struct Rewriter<'a> {
    file: &'static str,
    lines: Vec<&'a str>,
    money: syn::Path,
    next: &'a mut u32,
    refused: &'a BTreeSet<String>,
    /// How often a line had an operator already.
    seen: BTreeMap<(usize, String), u32>,
    mutants: Vec<Mutant>,
}

impl Rewriter<'_> {
    /// The number of a new mutant, unless it is one that does not compile.
    fn number(&mut self, line: usize, operator: String) -> Option<u32> {
        let times = self.seen.entry((line, operator.clone())).or_default();
        *times += 1;
        let operator = if *times == 1 { operator } else { format!("{operator} #{times}") };
        let text = self.lines.get(line.wrapping_sub(1)).map_or("", |l| l.trim()).to_owned();
        let mutant = Mutant { number: *self.next, file: self.file, line, text, operator };
        *self.next += 1;
        // It keeps its number, so that files without it stay as they are and are not compiled again.
        if self.refused.contains(&mutant.key()) {
            return None;
        }
        self.mutants.push(mutant);
        Some(*self.next - 1)
    }

    /// One expression that is `variants` by their numbers, else `original`.
    fn choose(&mut self, line: usize, variants: Variants, original: Expr) -> Expr {
        let mut chosen = original;
        for (operator, changed) in variants.into_iter().rev() {
            if let Some(n) = self.number(line, operator) {
                chosen = parse_quote!(if crate::mutant::is(#n) { #changed } else { #chosen });
            }
        }
        match chosen {
            Expr::If(_) => parse_quote!((#chosen)),
            other => other,
        }
    }

    fn variants(&self, e: &Expr) -> Variants {
        match e {
            Expr::Binary(b) => operators::binary(b),
            Expr::Lit(l) => operators::literal(l),
            Expr::MethodCall(m) => operators::method(m),
            Expr::Call(c) => operators::helper(c, &self.money),
            Expr::Macro(m) => operators::matches(m),
            Expr::Unary(u) if matches!(u.op, syn::UnOp::Not(_)) => {
                let inner = &u.expr;
                vec![("! removed".to_owned(), parse_quote!((#inner)))]
            }
            Expr::Path(p) => match p.path.segments.last() {
                Some(s) if is_constant(&s.ident.to_string()) && s.arguments.is_empty() => operators::constant(&s.ident, e, false),
                _ => vec![],
            },
            _ => vec![],
        }
    }

    fn body(&mut self, sig: &Signature, block: &mut Block) {
        if sig.constness.is_some() {
            return;
        }
        let line = sig.span().start().line;
        visit_mut::visit_block_mut(self, block);
        for (operator, value) in operators::results(&sig.output).into_iter().rev() {
            if let Some(n) = self.number(line, operator) {
                block.stmts.insert(0, parse_quote!(if crate::mutant::is(#n) { return #value; }));
            }
        }
    }
}

impl VisitMut for Rewriter<'_> {
    fn visit_expr_mut(&mut self, e: &mut Expr) {
        let line = match e {
            // The line of the operator or the method, not that of the first operand.
            Expr::Binary(b) => b.op.span().start().line,
            Expr::MethodCall(m) => m.method.span().start().line,
            _ => operators::line(e),
        };
        if let Expr::If(i) = e {
            let variants = operators::condition(&i.cond, Some(&i.then_branch));
            self.visit_expr_mut(&mut i.cond);
            let cond = std::mem::replace(&mut *i.cond, Expr::PLACEHOLDER);
            *i.cond = self.choose(line, variants, cond);
            self.visit_block_mut(&mut i.then_branch);
            if let Some((_, other)) = &mut i.else_branch {
                visit_mut::visit_expr_mut(self, other);
                // `else if` stays one: its condition is visited like any other.
            }
            return;
        }
        let variants = self.variants(e);
        match e {
            // What is called is no constant, and what is assigned to is no value.
            Expr::Call(c) => c.args.iter_mut().for_each(|a| self.visit_expr_mut(a)),
            Expr::Assign(a) => self.visit_expr_mut(&mut a.right),
            Expr::Repeat(r) => self.visit_expr_mut(&mut r.expr),
            Expr::Binary(b) if is_assignment(&b.op) => self.visit_expr_mut(&mut b.right),
            _ => visit_mut::visit_expr_mut(self, e),
        }
        if !variants.is_empty() {
            let original = std::mem::replace(e, Expr::PLACEHOLDER);
            *e = self.choose(line, variants, original);
        }
    }

    fn visit_stmt_mut(&mut self, s: &mut Stmt) {
        let removable = match s {
            Stmt::Expr(e, Some(_)) => operators::removable(e).filter(|_| !matches!(e, Expr::Binary(b) if !is_assignment(&b.op))),
            _ => None,
        };
        let line = operators::line(s);
        visit_mut::visit_stmt_mut(self, s);
        if let Some(operator) = removable {
            if let Some(n) = self.number(line, operator.to_owned()) {
                *s = parse_quote!(if !crate::mutant::is(#n) { #s });
            }
        }
    }

    fn visit_arm_mut(&mut self, arm: &mut syn::Arm) {
        if let Some((_, guard)) = &mut arm.guard {
            let line = guard.span().start().line;
            let variants: Variants = vec![
                (format!("{} → true", compact(guard)), parse_quote!(((#guard) || true))),
                (format!("{} → false", compact(guard)), parse_quote!(((#guard) && false))),
            ];
            self.visit_expr_mut(guard);
            let original = std::mem::replace(&mut **guard, Expr::PLACEHOLDER);
            **guard = self.choose(line, variants, original);
        }
        self.visit_expr_mut(&mut arm.body);
    }

    fn visit_item_fn_mut(&mut self, f: &mut ItemFn) {
        if !is_test(&f.attrs) {
            self.body(&f.sig.clone(), &mut f.block);
        }
    }

    fn visit_impl_item_fn_mut(&mut self, f: &mut ImplItemFn) {
        if !is_test(&f.attrs) {
            self.body(&f.sig.clone(), &mut f.block);
        }
    }

    fn visit_item_mod_mut(&mut self, m: &mut syn::ItemMod) {
        if !is_test(&m.attrs) {
            visit_mut::visit_item_mod_mut(self, m);
        }
    }

    // What the compiler evaluates cannot ask for a number. Constants change where they are used instead.
    fn visit_item_const_mut(&mut self, _: &mut syn::ItemConst) {}
    fn visit_impl_item_const_mut(&mut self, _: &mut syn::ImplItemConst) {}
    fn visit_item_static_mut(&mut self, _: &mut syn::ItemStatic) {}
    fn visit_item_enum_mut(&mut self, _: &mut syn::ItemEnum) {}
    fn visit_type_mut(&mut self, _: &mut syn::Type) {}
    fn visit_pat_mut(&mut self, _: &mut syn::Pat) {}
    fn visit_generic_argument_mut(&mut self, _: &mut syn::GenericArgument) {}
    fn visit_attribute_mut(&mut self, _: &mut Attribute) {}
}

fn is_constant(name: &str) -> bool {
    name.len() > 1 && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

fn is_assignment(op: &syn::BinOp) -> bool {
    compact(op).ends_with('=') && !matches!(op, syn::BinOp::Le(_) | syn::BinOp::Ge(_) | syn::BinOp::Eq(_) | syn::BinOp::Ne(_))
}

fn is_test(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|a| compact(a).contains("cfg(test"))
}
