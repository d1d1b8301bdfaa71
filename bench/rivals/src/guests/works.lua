-- The works in Lua. A number is a double: what overflows loses digits instead.

function add(a, b)
    return a + b
end

local state = { total = 0, count = 0 }
function record(value)
    state.total = state.total + value
    state.count = state.count + 1
    return state.total
end

local function fib_of(n)
    if n < 2 then return n end
    return fib_of(n - 1) + fib_of(n - 2)
end
fib = fib_of

function sum(n)
    local sum = 0
    for i = 0, n - 1 do
        sum = sum + (i * i) % 7
    end
    return sum
end

local movers = {}
function fill_movers(count)
    for id = 0, count - 1 do
        movers[id + 1] = { id = id, hp = id % 100, x = id, y = 0, dx = 1 + id % 7, dy = 0.5 }
    end
end

function tick(watched)
    for i = 1, #movers do
        local m = movers[i]
        m.x = m.x + m.dx * 0.05
        m.y = m.y + m.dy * 0.05
        if m.hp < 100 then m.hp = m.hp + 1 end
    end
    return movers[watched + 1].x
end

local players = {}
function fill_players(count)
    for n = 0, count - 1 do
        players[n * 7919 + 13] = { hp = 100, gold = n % 1000, wins = 0 }
    end
end

function attack(attacker, target)
    local a = players[attacker] or error("no such attacker")
    local t = players[target] or error("no such target")
    t.hp = t.hp - 3
    if t.hp <= 0 then
        t.hp = 100
        a.wins = a.wins + 1
    end
    return t.hp
end

function greet(name, score)
    return "hello " .. name .. ", your score is " .. score
end

local accounts = {}
function fill_accounts(count)
    for id = 0, count - 1 do
        accounts[id] = 1000000000
    end
end

function transfer(from, to, amount)
    local source = accounts[from] or error("no such account")
    local target = accounts[to] or error("no such account")
    if source < amount then error("too little") end
    accounts[from] = source - amount
    accounts[to] = target + amount
end

function balance(id)
    return accounts[id]
end
