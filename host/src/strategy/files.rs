//! Files for plugins that are granted directories, and for all others the error that says which to grant.
//!
//! A guest's libc asks once which directories are open, and refuses every other path by itself: the host would never learn
//! what was missing. So there is always one more, the root, in which nothing can be opened. What is refused there is noted
//! with its path; that a guest only asked what there is, as every libc does, is not.

use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentNamedList, HasData, Lift, Linker, LinkerInstance, Lower, Resource, ResourceType};
use wasmtime_wasi::filesystem::WasiFilesystemView;
use wasmtime_wasi::p2::FsResult;
use wasmtime_wasi::p2::bindings::cli::environment;
use wasmtime_wasi::p2::bindings::filesystem::preopens;
use wasmtime_wasi::p2::bindings::filesystem::types::{
    Descriptor, DescriptorFlags, DescriptorStat, DescriptorType, DirectoryEntryStream, ErrorCode, HostDescriptor,
    MetadataHashValue, NewTimestamp, OpenFlags, PathFlags,
};

use super::grants::no_writing;
use super::imports::Ctx;

/// The interface, in the version that is offered; others of 0.2 link as well.
const TYPES: &str = "wasi:filesystem/types@0.2.12";

/// The directory in which nothing can be opened.
struct Closed;

/// Puts ours in place of wasmtime-wasi's, in a linker for plugins that may wait, or for others.
pub(super) fn link(linker: &mut Linker<Ctx>, waits: bool) -> wasmtime::Result<()> {
    preopens::add_to_linker::<Ctx, Seen>(linker, |ctx| See(ctx))?;
    environment::add_to_linker::<Ctx, Seen>(linker, |ctx| See(ctx))?;
    let mut types = linker.instance(TYPES)?;
    types.resource("descriptor", ResourceType::host::<Descriptor>(), |mut store, rep| {
        let table = &mut store.data_mut().table;
        if table.get(&Resource::<Closed>::new_borrow(rep)).is_ok() {
            table.delete(Resource::<Closed>::new_own(rep))?;
        } else {
            table.delete(Resource::<Descriptor>::new_own(rep))?;
        }
        Ok(())
    })?;
    unchanging(&mut types)?;
    reading(&mut types, waits)
}

/// Marks the views of [`See`] to wasmtime.
struct Seen;

impl HasData for Seen {
    type Data<'a> = See<'a>;
}

/// What there is to be seen.
struct See<'a>(&'a mut Ctx);

impl preopens::Host for See<'_> {
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Resource<Descriptor>, String)>> {
        let mut open = preopens::Host::get_directories(&mut self.0.filesystem())?;
        self.0.open = open.iter().map(|(fd, name)| (plain(name), fd.rep())).collect();
        // To a libc such a name is the root too.
        if self.0.open.iter().all(|(name, _)| !name.is_empty()) {
            let closed = self.0.table.push(Closed)?;
            open.push((Resource::new_own(closed.rep()), "/".to_owned()));
        }
        Ok(open)
    }
}

impl environment::Host for See<'_> {
    fn get_environment(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        self.0.look_at_environment();
        Ok(self.0.grants.env.clone())
    }
    fn get_arguments(&mut self) -> wasmtime::Result<Vec<String>> {
        Ok(Vec::new())
    }
    fn initial_cwd(&mut self) -> wasmtime::Result<Option<String>> {
        Ok(None)
    }
}

type Fd = Resource<Descriptor>;
type Said<T> = (Result<T, ErrorCode>,);
type Doing<'a, T> = Pin<Box<dyn Future<Output = wasmtime::Result<Said<T>>> + Send + 'a>>;

/// What would change something: nobody may.
fn unchanging(types: &mut LinkerInstance<'_, Ctx>) -> wasmtime::Result<()> {
    fn refuse(mut store: StoreContextMut<'_, Ctx>, path: &str) -> wasmtime::Result<Said<()>> {
        store.data_mut().refuse(no_writing(path));
        Ok((Err(ErrorCode::ReadOnly),))
    }
    for name in ["create-directory-at", "remove-directory-at", "unlink-file-at"] {
        types.func_wrap(&method(name), |store, (_, path): (Fd, String)| refuse(store, &path))?;
    }
    types.func_wrap(&method("symlink-at"), |store, (_, _, path): (Fd, String, String)| refuse(store, &path))?;
    types.func_wrap(&method("rename-at"), |store, (_, path, _, _): (Fd, String, Fd, String)| refuse(store, &path))?;
    types.func_wrap(&method("link-at"), |store, (_, _, _, _, path): (Fd, PathFlags, String, Fd, String)| {
        refuse(store, &path)
    })?;
    types.func_wrap(
        &method("set-times-at"),
        |store, (_, _, path, _, _): (Fd, PathFlags, String, NewTimestamp, NewTimestamp)| refuse(store, &path),
    )
}

fn method(name: &str) -> String {
    format!("[method]descriptor.{name}")
}

/// What can be asked of the closed directory too.
fn reading(types: &mut LinkerInstance<'_, Ctx>, waits: bool) -> wasmtime::Result<()> {
    add(
        types,
        waits,
        "open-at",
        |ctx, (fd, follow, path, how, mode): (Fd, PathFlags, String, OpenFlags, DescriptorFlags)| {
            Box::pin(async move {
                let writes = mode.intersects(DescriptorFlags::WRITE | DescriptorFlags::MUTATE_DIRECTORY)
                    || how.intersects(OpenFlags::CREATE | OpenFlags::TRUNCATE);
                if writes {
                    ctx.refuse(no_writing(&path));
                    return Ok((Err(ErrorCode::ReadOnly),));
                }
                let (fd, path) = match locate(ctx, fd, path) {
                    Ok(found) => found,
                    Err(path) => return closed(ctx, &path),
                };
                let shown = path.clone();
                let opened = ctx.filesystem().open_at(fd, follow, path, how, mode).await;
                said(ctx, opened, &shown)
            })
        },
    )?;
    add(types, waits, "stat-at", |ctx, (fd, follow, path): (Fd, PathFlags, String)| -> Doing<'_, DescriptorStat> {
        Box::pin(async move {
            let (fd, path) = match locate(ctx, fd, path) {
                Ok(found) => found,
                Err(path) => return closed(ctx, &path),
            };
            let shown = path.clone();
            let stat = ctx.filesystem().stat_at(fd, follow, path).await;
            said(ctx, stat, &shown)
        })
    })?;
    add(
        types,
        waits,
        "metadata-hash-at",
        |ctx, (fd, follow, path): (Fd, PathFlags, String)| -> Doing<'_, MetadataHashValue> {
            Box::pin(async move {
                let (fd, path) = match locate(ctx, fd, path) {
                    Ok(found) => found,
                    Err(path) => return closed(ctx, &path),
                };
                let shown = path.clone();
                let hash = ctx.filesystem().metadata_hash_at(fd, follow, path).await;
                said(ctx, hash, &shown)
            })
        },
    )?;
    add(types, waits, "readlink-at", |ctx, (fd, path): (Fd, String)| -> Doing<'_, String> {
        Box::pin(async move {
            let (fd, path) = match locate(ctx, fd, path) {
                Ok(found) => found,
                Err(path) => return closed(ctx, &path),
            };
            let shown = path.clone();
            let target = ctx.filesystem().readlink_at(fd, path).await;
            said(ctx, target, &shown)
        })
    })?;
    add(types, waits, "read-directory", |ctx, (fd,): (Fd,)| -> Doing<'_, Resource<DirectoryEntryStream>> {
        Box::pin(async move {
            if is_closed(ctx, &fd) {
                return closed(ctx, "");
            }
            let entries = ctx.filesystem().read_directory(fd).await;
            said(ctx, entries, ".")
        })
    })?;
    add(types, waits, "stat", |ctx, (fd,): (Fd,)| -> Doing<'_, DescriptorStat> {
        Box::pin(async move {
            if is_closed(ctx, &fd) {
                return closed(ctx, "");
            }
            let stat = ctx.filesystem().stat(fd).await;
            said(ctx, stat, ".")
        })
    })?;
    add(types, waits, "metadata-hash", |ctx, (fd,): (Fd,)| -> Doing<'_, MetadataHashValue> {
        Box::pin(async move {
            if is_closed(ctx, &fd) {
                return closed(ctx, "");
            }
            let hash = ctx.filesystem().metadata_hash(fd).await;
            said(ctx, hash, ".")
        })
    })?;
    add(types, waits, "get-flags", |ctx, (fd,): (Fd,)| -> Doing<'_, DescriptorFlags> {
        Box::pin(async move {
            if is_closed(ctx, &fd) {
                return Ok((Ok(DescriptorFlags::READ),));
            }
            let flags = ctx.filesystem().get_flags(fd).await;
            said(ctx, flags, ".")
        })
    })?;
    add(types, waits, "get-type", |ctx, (fd,): (Fd,)| -> Doing<'_, DescriptorType> {
        Box::pin(async move {
            if is_closed(ctx, &fd) {
                return Ok((Ok(DescriptorType::Directory),));
            }
            let kind = ctx.filesystem().get_type(fd).await;
            said(ctx, kind, ".")
        })
    })
}

/// Where a path lies: in the directory that it was looked for in, or, since a libc knows `data/a` of a granted `./data` and
/// not `./data/a`, in a granted one that the guest looked for in the closed one.
fn locate(ctx: &Ctx, fd: Fd, path: String) -> Result<(Fd, String), String> {
    if !is_closed(ctx, &fd) {
        return Ok((fd, path));
    }
    let looked_for = plain(&path);
    for (name, rep) in &ctx.open {
        let rest = match looked_for.strip_prefix(name.as_str()) {
            Some("") => ".",
            Some(rest) if rest.starts_with('/') => &rest[1..],
            _ => continue,
        };
        let fd = Resource::<Descriptor>::new_borrow(*rep);
        // The guest may have closed it.
        if ctx.table.get(&fd).is_ok() {
            return Ok((fd, rest.to_owned()));
        }
    }
    Err(path)
}

/// A path without what means nothing: a slash at its beginning, `.` within it.
fn plain(path: &str) -> String {
    path.split('/').filter(|part| !matches!(*part, "" | ".")).collect::<Vec<_>>().join("/")
}

fn is_closed(ctx: &Ctx, fd: &Fd) -> bool {
    ctx.table.get(&Resource::<Closed>::new_borrow(fd.rep())).is_ok()
}

fn closed<T>(ctx: &mut Ctx, path: &str) -> wasmtime::Result<Said<T>> {
    let missing = ctx.grants.no_file(path);
    ctx.refuse(missing);
    Ok((Err(ErrorCode::Access),))
}

fn said<T>(ctx: &mut Ctx, result: FsResult<T>, path: &str) -> wasmtime::Result<Said<T>> {
    let error = match result {
        Ok(value) => return Ok((Ok(value),)),
        Err(error) => error.downcast()?,
    };
    if error == ErrorCode::NotPermitted {
        let missing = ctx.grants.no_way_out(path);
        ctx.refuse(missing);
    }
    Ok((Err(error),))
}

/// Adds one method. Where nothing may wait, nothing is open but the closed directory, and what is asked of that is over at
/// once.
fn add<P, T>(
    types: &mut LinkerInstance<'_, Ctx>,
    waits: bool,
    name: &str,
    method_of: for<'a> fn(&'a mut Ctx, P) -> Doing<'a, T>,
) -> wasmtime::Result<()>
where
    P: ComponentNamedList + Lift + Send + Sync + 'static,
    T: Send + Sync + 'static,
    Said<T>: ComponentNamedList + Lower,
{
    if waits {
        return types.func_wrap_async(&method(name), move |mut store: StoreContextMut<'_, Ctx>, params: P| {
            Box::new(async move { method_of(store.data_mut(), params).await })
        });
    }
    types.func_wrap(&method(name), move |mut store: StoreContextMut<'_, Ctx>, params: P| {
        match pin!(method_of(store.data_mut(), params)).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(said) => said,
            Poll::Pending => Err(wasmtime::Error::msg("a file is open in a plugin that was granted none")),
        }
    })
}
