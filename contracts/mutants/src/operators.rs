//! What is changed to what. Each function returns the changed forms of one expression, with a name for each.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::{parse_quote, spanned::Spanned, BinOp, Block, Expr, ExprBinary, ExprCall, ExprLit, ExprMacro, ExprMethodCall, Lit, Pat, Stmt};

pub type Variants = Vec<(String, Expr)>;

/// Arithmetic, comparison, logic.
pub fn binary(e: &ExprBinary) -> Variants {
    let others: Vec<BinOp> = match e.op {
        BinOp::Add(_) => vec![parse_quote!(-), parse_quote!(*)],
        BinOp::Sub(_) => vec![parse_quote!(+)],
        BinOp::Mul(_) => vec![parse_quote!(+), parse_quote!(/)],
        BinOp::Div(_) => vec![parse_quote!(*)],
        BinOp::Rem(_) => vec![parse_quote!(/)],
        BinOp::Shl(_) => vec![parse_quote!(>>)],
        BinOp::Shr(_) => vec![parse_quote!(<<)],
        BinOp::BitAnd(_) => vec![parse_quote!(|)],
        BinOp::BitOr(_) => vec![parse_quote!(&)],
        BinOp::And(_) => vec![parse_quote!(||)],
        BinOp::Or(_) => vec![parse_quote!(&&)],
        BinOp::Lt(_) => vec![parse_quote!(<=), parse_quote!(>)],
        BinOp::Le(_) => vec![parse_quote!(<), parse_quote!(>=)],
        BinOp::Gt(_) => vec![parse_quote!(>=), parse_quote!(<)],
        BinOp::Ge(_) => vec![parse_quote!(>), parse_quote!(<=)],
        BinOp::Eq(_) => vec![parse_quote!(!=)],
        BinOp::Ne(_) => vec![parse_quote!(==)],
        BinOp::AddAssign(_) => vec![parse_quote!(-=)],
        BinOp::SubAssign(_) => vec![parse_quote!(+=)],
        BinOp::MulAssign(_) => vec![parse_quote!(+=)],
        _ => vec![],
    };
    let changed = |op: BinOp| {
        let name = format!("{} → {}", e.op.to_token_stream(), op.to_token_stream());
        // The operands keep together whatever binds stronger now.
        let (left, right) = (&e.left, &e.right);
        let assigns = op.to_token_stream().to_string().ends_with('=')
            && matches!(e.op, BinOp::AddAssign(_) | BinOp::SubAssign(_) | BinOp::MulAssign(_));
        let expr = if assigns { parse_quote!(#left #op #right) } else { parse_quote!((#left) #op (#right)) };
        (name, expr)
    };
    others.into_iter().map(changed).collect()
}

/// Integer literals one up and one down, the truth turned round.
pub fn literal(e: &ExprLit) -> Variants {
    match &e.lit {
        Lit::Bool(b) => {
            let other = !b.value;
            vec![(format!("{} → {other}", b.value), parse_quote!(#other))]
        }
        Lit::Int(n) => {
            let Ok(value) = n.base10_parse::<u128>() else { return vec![] };
            let near = [value.checked_add(1), value.checked_sub(1)];
            let changed = |v: u128| {
                let lit = syn::LitInt::new(&format!("{v}{}", n.suffix()), n.span());
                (format!("{value} → {v}"), parse_quote!(#lit))
            };
            near.into_iter().flatten().map(changed).collect()
        }
        _ => vec![],
    }
}

/// A named integer one up and one down.
pub fn constant(name: &Ident, path: &Expr, zero: bool) -> Variants {
    let mut out: Variants = vec![(format!("{name} → {name} + 1"), parse_quote!((#path + 1)))];
    if !zero {
        out.push((format!("{name} → {name} - 1"), parse_quote!((#path - 1))));
    }
    out
}

const METHODS: [(&str, &str); 17] = [
    ("checked_add", "checked_sub"),
    ("checked_sub", "checked_add"),
    ("checked_mul", "checked_add"),
    ("checked_div", "checked_mul"),
    ("saturating_add", "saturating_sub"),
    ("saturating_sub", "saturating_add"),
    ("saturating_mul", "saturating_add"),
    ("wrapping_add", "wrapping_sub"),
    ("wrapping_sub", "wrapping_add"),
    ("min", "max"),
    ("max", "min"),
    ("all", "any"),
    ("any", "all"),
    ("is_some", "is_none"),
    ("is_none", "is_some"),
    ("is_ok", "is_err"),
    ("is_err", "is_ok"),
];

/// A method for another of the same shape.
pub fn method(e: &ExprMethodCall) -> Variants {
    let name = e.method.to_string();
    let mut out = Variants::new();
    for (from, to) in METHODS {
        if name == from {
            let mut changed = e.clone();
            changed.method = Ident::new(to, e.method.span());
            out.push((format!("{from} → {to}"), Expr::MethodCall(changed)));
        }
    }
    if name == "div_ceil" {
        let (a, b) = (&e.receiver, &e.args[0]);
        out.push(("div_ceil → /".to_owned(), parse_quote!(((#a) / (#b)))));
    }
    out
}

/// The helpers of `money` and their kin; a function of one of these names with two arguments is one of them.
pub fn helper(e: &ExprCall, money: &syn::Path) -> Variants {
    let Expr::Path(path) = &*e.func else { return vec![] };
    let Some(name) = path.path.get_ident() else { return vec![] };
    if e.args.len() != 2 {
        return vec![];
    }
    let (a, b) = (&e.args[0], &e.args[1]);
    match name.to_string().as_str() {
        "add" => vec![("add → sub".to_owned(), parse_quote!(#money::sub(#a, #b)))],
        "sub" => vec![("sub → add".to_owned(), parse_quote!(#money::add(#a, #b)))],
        "mul" => vec![("mul → add".to_owned(), parse_quote!((#a).checked_add(#b).ok_or(Error::Overflow)))],
        "div" => vec![("div → mul".to_owned(), parse_quote!((#a).checked_mul(U256::new(#b)).ok_or(Error::Overflow)))],
        _ => vec![],
    }
}

/// `matches!` turned round, and with each of its alternatives left out.
pub fn matches(e: &ExprMacro) -> Variants {
    if !e.mac.path.is_ident("matches") {
        return vec![];
    }
    let parse = |input: syn::parse::ParseStream| {
        let value: Expr = input.parse()?;
        input.parse::<syn::Token![,]>()?;
        let pat = Pat::parse_multi_with_leading_vert(input)?;
        Ok((value, pat))
    };
    let mut out: Variants = vec![("matches → not".to_owned(), parse_quote!(!#e))];
    let Ok((value, Pat::Or(either))) = e.mac.parse_body_with(parse) else { return out };
    for (i, left_out) in either.cases.iter().enumerate() {
        let rest = either.cases.iter().enumerate().filter(|(k, _)| *k != i).map(|(_, c)| c);
        out.push((format!("without {}", compact(left_out)), parse_quote!(matches!(#value, #(#rest)|*))));
    }
    out
}

/// A condition turned round, unless changing its operator does the same; and, where it refuses, never met.
pub fn condition(e: &Expr, then: Option<&Block>) -> Variants {
    let mut out = Variants::new();
    let plain = match e {
        Expr::Let(_) => return out,
        Expr::Binary(b) => matches!(b.op, BinOp::Lt(_) | BinOp::Le(_) | BinOp::Gt(_) | BinOp::Ge(_) | BinOp::Eq(_) | BinOp::Ne(_)),
        Expr::Unary(_) | Expr::Macro(_) => true,
        _ => false,
    };
    if !plain {
        out.push(("if → if not".to_owned(), parse_quote!((!(#e)))));
    }
    if then.is_some_and(refuses) {
        out.push(("never refuses".to_owned(), parse_quote!((false && (#e)))));
    }
    out
}

fn refuses(block: &Block) -> bool {
    match block.stmts.as_slice() {
        [Stmt::Expr(Expr::Return(r), _)] => matches!(r.expr.as_deref(), Some(Expr::Call(c)) if compact(&c.func) == "Err"),
        _ => false,
    }
}

/// What a function of this result could return without doing anything.
pub fn results(output: &syn::ReturnType) -> Variants {
    let ty = match output {
        syn::ReturnType::Default => return vec![("body → nothing".to_owned(), parse_quote!(()))],
        syn::ReturnType::Type(_, ty) => compact(ty),
    };
    let (inner, wrap) = match ty.strip_prefix("Result<").and_then(|t| t.rsplit_once(',')) {
        Some((inner, _)) => (inner.to_owned(), true),
        None => (ty, false),
    };
    let values: Vec<Expr> = match inner.as_str() {
        "()" => vec![parse_quote!(())],
        "bool" => vec![parse_quote!(true), parse_quote!(false)],
        "u8" | "u16" | "u32" | "u64" | "u128" | "usize" | "i128" | "i64" => vec![parse_quote!(0), parse_quote!(1)],
        "U256" => vec![parse_quote!(U256::ZERO), parse_quote!(U256::ONE)],
        t if t.starts_with("Option<") => vec![parse_quote!(None)],
        _ => vec![],
    };
    let changed = |v: Expr| {
        let v: Expr = if wrap { parse_quote!(Ok(#v)) } else { v };
        (format!("body → {}", compact(&v)), v)
    };
    values.into_iter().map(changed).collect()
}

/// Whether leaving the statement out is a change that compiles: it writes, calls or stops a loop.
pub fn removable(e: &Expr) -> Option<&'static str> {
    match e {
        Expr::Assign(_) => Some("assignment removed"),
        Expr::Binary(_) => Some("assignment removed"),
        Expr::MethodCall(_) | Expr::Call(_) => Some("call removed"),
        Expr::Try(t) => removable(&t.expr),
        Expr::Break(_) => Some("break removed"),
        _ => None,
    }
}

/// Source text without blanks.
pub fn compact(t: &impl ToTokens) -> String {
    t.to_token_stream().to_string().replace(' ', "")
}

pub fn line(t: &impl Spanned) -> usize {
    t.span().start().line
}
