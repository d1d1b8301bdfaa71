//! Worlds that are made, moved to another layout, filled from outside and deleted: a restart finds
//! each as it was.

use midflight_runtime::{Engine, LoadError};

use crate::disk::Disk;

const V1: &str = "
state { n: int }
table t { key id: int, n: int }
post put(id: int) -> int {
    insert t { id, n: id * 10 }
    state.n += 1
    return t.len
}
";

const V2: &str = "
state { n: int }
table u was t { key id: int, n: float, more: str = \"new\" }
get n(id: int) -> float { return u[id].n }
";

/// A version that some rows of a world do not fit into.
const V3: &str = "
state { n: int }
table t { key id: int, n: int }
migrate t(old) { n = if old.id > 5 { fail \"too large\" } else { -old.n } }
";

fn engine(disk: &Disk) -> Engine {
    let store = disk.store().expect("the disk is good");
    Engine::builder().store(store).clock(|| 1_000).build().expect("it can go on")
}

/// The worlds, each with what is in it.
fn look(engine: &Engine) -> Vec<(String, Vec<u8>)> {
    let worlds = engine.worlds();
    let names = worlds.iter().map(|world| world.name().to_owned());
    let look = |name: String| {
        let image = engine.enter(&name, |turn| turn.image()).expect("it can be entered");
        (name, image)
    };
    names.map(look).collect()
}

fn put(engine: &Engine, world: &str, id: i64) {
    let put = engine.handler::<(i64,), i64>("put").expect("it is there");
    let _ = put.call(world, (id,)).expect("the key is free");
}

#[test]
fn worlds_come_back_as_they_were_and_deleted_ones_do_not() {
    let disk = Disk::new();
    let first = engine(&disk);
    assert_eq!(first.create_world("early").ok(), Some(true));
    let _ = first.load(V1).expect("it is right");
    for world in ["room-1", "room-2", "gone"] {
        assert_eq!(first.create_world(world).ok(), Some(true));
        put(&first, world, 3);
    }
    put(&first, "room-2", 4);
    first.delete_world("gone").expect("it is there");
    let seen = look(&first);
    let killed = engine(&Disk::with(disk.after_death()));
    assert_eq!(look(&killed), seen);
    assert_eq!(
        seen.iter().map(|(name, _)| &**name).collect::<Vec<_>>(),
        ["early", "main", "room-1", "room-2"]
    );
}

#[test]
fn all_worlds_move_to_a_layout_or_none_and_a_restart_agrees() {
    let disk = Disk::new();
    let first = engine(&disk);
    let _ = first.load(V1).expect("it is right");
    let _ = first.create_world("room").expect("the name is free");
    put(&first, "main", 1);
    put(&first, "room", 9);
    let seen = look(&first);
    let refused = first.load(V3).expect_err("the row 9 does not fit");
    let LoadError::Migration(refused) = refused else { panic!("it is the row: {refused}") };
    assert_eq!((&*refused.world, refused.failure.key.as_deref()), ("room", Some("9")));
    assert_eq!(look(&first), seen);
    assert_eq!(look(&engine(&Disk::with(disk.after_death()))), seen);

    let moved = first.load(V2).expect("every row fits");
    assert_eq!(moved.pause.map(|pause| pause.rows), Some(2));
    let seen = look(&first);
    let killed = engine(&Disk::with(disk.after_death()));
    assert_eq!(look(&killed), seen);
    let n = killed.handler::<(i64,), f64>("n").expect("it is there");
    assert_eq!((n.call("main", (1,)).ok(), n.call("room", (9,)).ok()), (Some(10.0), Some(90.0)));
}

#[test]
fn an_import_is_durable_before_it_is_answered() {
    let disk = Disk::new();
    let first = engine(&disk);
    let _ = first.load(V1).expect("it is right");
    put(&first, "main", 1);
    let mut import = first.begin_import("main").expect("there is memory");
    import.begin([1, 2, 3, 4], 500).expect("the generator can go on");
    import
        .row("t", 7, |mut row| {
            for (field, value) in [(0, 70), (1, 71)] {
                let mut slot = row.field(field).expect("it has two fields");
                slot.write_int(value).expect("it is an `int`");
            }
            Ok(())
        })
        .expect("the row fits");
    first.complete_import("main", import).expect("the disk is good");
    let seen = look(&first);
    assert_eq!(look(&engine(&Disk::with(disk.after_death()))), seen);
}
