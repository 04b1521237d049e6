#![crate_type="lib"]
#![allow(dead_code, uncommon_codepoints, non_snake_case)]
use std::fmt::Debug;
pub struct P<T>(T);
pub struct N<const K: i32>; pub struct B<const K: bool>; pub struct C<const K: char>; pub struct U<const K: u64>;
pub trait Tr { type Out; fn go(&self) -> u8; fn dflt(&self) -> u8 { 3 } }
impl Tr for P<u8> { type Out = u16; #[inline(never)] fn go(&self) -> u8 { self.0 } }
impl<T: Debug> Tr for P<Vec<T>> { type Out = T; #[inline(never)] fn go(&self) -> u8 { self.0.len() as u8 } }
impl<'a> Tr for &'a str { type Out = (); #[inline(never)] fn go(&self) -> u8 { 1 } }
impl Tr for [u8; 5] { type Out = (); #[inline(never)] fn go(&self) -> u8 { 2 } }
impl Tr for (i8,) { type Out = (); #[inline(never)] fn go(&self) -> u8 { 2 } }
impl Tr for (i8, f32, f64) { type Out = (); #[inline(never)] fn go(&self) -> u8 { 2 } }
impl Tr for fn(u8, &str) -> bool { type Out = (); #[inline(never)] fn go(&self) -> u8 { 2 } }
impl Tr for unsafe extern "C" fn(*const u8, *mut i32) { type Out = (); #[inline(never)] fn go(&self) -> u8 { 2 } }
impl Tr for dyn Fn(u8) -> u16 + Send { type Out = (); #[inline(never)] fn go(&self) -> u8 { 2 } }
impl Tr for dyn Iterator<Item = u32> { type Out = (); #[inline(never)] fn go(&self) -> u8 { 2 } }
impl Tr for [i64] { type Out = (); #[inline(never)] fn go(&self) -> u8 { 2 } }
impl<const K: i32> N<K> { #[inline(never)] pub fn k(&self) -> i32 { K } }
impl<const K: bool> B<K> { #[inline(never)] pub fn k(&self) -> bool { K } }
impl<const K: char> C<K> { #[inline(never)] pub fn k(&self) -> char { K } }
impl<const K: u64> U<K> { #[inline(never)] pub fn k(&self) -> u64 { K } }
#[inline(never)] pub fn hr(f: for<'a, 'b> fn(&'a u8, &'b mut i8) -> &'a u8) -> u8 { *f(&1, &mut 2) }
#[inline(never)] pub fn gen<T: ?Sized, V>(_: &T, v: V) -> V { std::hint::black_box(v) }
#[inline(never)] pub fn größe_ß() -> u8 { 1 }
#[inline(never)] pub fn 東京(x: u8) -> u8 { let f = |y: u8| { let g = |z: u8| std::hint::black_box(z + y); g(x) }; f(x) }
pub mod r#mod { pub mod deep { #[inline(never)] pub fn never() -> ! { loop {} } pub struct S; impl S { #[inline(never)] pub fn new() -> Self { S } } impl Drop for S { #[inline(never)] fn drop(&mut self) { std::hint::black_box(1); } } } }
pub fn all() -> usize {
  let p = P(vec![1u8]); let q = P(vec!["a"]); 
  p.go(); q.go(); p.dflt(); "x".go(); [1u8;5].go(); (1i8,).go(); (1i8,1f32,1f64).go();
  N::<-5>.k(); N::<7>.k(); B::<true>.k(); B::<false>.k(); C::<'x'>.k(); C::<'\''>.k(); C::<'é'>.k(); C::<'\n'>.k(); U::<{u64::MAX}>.k();
  gen::<dyn Debug, u8>(&1, 2); gen::<dyn for<'a> Fn(&'a str) -> &'a u8 + Send, i128>(&|_| &3, 4); gen::<[&'static str], (u8, (), char)>(&[], (1,(),'c')); gen::<fn() -> !, bool>(&(r#mod::deep::never as fn() -> !), true);
  gen::<str, Option<Box<dyn Tr<Out = u16>>>>("a", None); gen::<u8, *const dyn Debug>(&1, &1u8 as &dyn Debug as *const _); gen::<u8, [[u8; 2]; 3]>(&1, [[0;2];3]); gen::<u8, &mut [u8]>(&1, &mut []);
  fn h2<'a>(_: &'a u8, _: for<'b> fn(&'b u8, &'a u8)) {} gen::<for<'a> fn(&'a u8, for<'b> fn(&'b u8, &'a u8)), u8>(&(h2 as for<'a> fn(&'a u8, for<'b> fn(&'b u8, &'a u8))), 1);
  largest(&[1,2]); r#mod::deep::S::new(); hr(|a,_| a) as usize + 東京(3) as usize
}
fn largest<T: PartialOrd + Copy + 'static>(l: &[T]) -> T { struct Inner<T>(T); impl<T: Copy> Inner<T> { #[inline(never)] fn get(&self) -> T { std::hint::black_box(self.0) } } Inner(l[0]).get() }
