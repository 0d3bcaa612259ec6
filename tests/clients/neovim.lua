-- Drives Neovim's own language client against `speql serve`, and writes what it got to a file as JSON.
-- Environment: SPEQL_COMMAND (the command with spaces between its words), SPEQL_ANSWERS (the file). Neovim 0.7 or newer.

local answers = {}
local command = vim.split(vim.env.SPEQL_COMMAND, ' ')
local TIMEOUT = 20000

local function finish(problem)
  answers.problem = problem
  local file = assert(io.open(vim.env.SPEQL_ANSWERS, 'w'))
  file:write(vim.json.encode(answers))
  file:close()
  vim.cmd('qall!')
end

local function run()
  vim.cmd('set noswapfile hidden')
  vim.cmd('edit ' .. vim.env.SPEQL_ANSWERS .. '.sql')
  local buffer = vim.api.nvim_get_current_buf()
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, { '-- 😀', 'SELECT f.carrier, count(*) AS n', 'FROM flights f', 'GROUP BY f.carrier' })
  local previews = {}
  vim.lsp.handlers['speql/preview'] = function(_, result)
    table.insert(previews, result)
  end
  local id = vim.lsp.start_client({ name = 'speql', cmd = command, root_dir = vim.fn.getcwd() })
  if not id then
    return finish('the server did not start')
  end
  vim.api.nvim_buf_set_option(buffer, 'filetype', 'sql')
  vim.lsp.buf_attach_client(buffer, id)
  local client
  vim.wait(TIMEOUT, function()
    client = vim.lsp.get_client_by_id(id)
    return client ~= nil and client.initialized
  end, 20)
  if not (client and client.initialized) then
    return finish('the server did not initialize')
  end
  local provider = client.server_capabilities
  answers.capabilities = { completion = provider.completionProvider ~= nil, hover = provider.hoverProvider ~= nil }

  local function ask(method, line, character)
    local params = { textDocument = { uri = vim.uri_from_bufnr(buffer) }, position = { line = line, character = character } }
    local found = vim.lsp.buf_request_sync(buffer, method, params, TIMEOUT)
    return found and found[id] and found[id].result or vim.NIL
  end

  local function previewed(matches)
    local found
    vim.wait(TIMEOUT, function()
      for _, preview in ipairs(previews) do
        if matches(preview) then
          found = preview
        end
      end
      return found ~= nil
    end, 20)
    return found or vim.NIL
  end

  answers.preview = previewed(function(preview)
    return preview.outcome == 'rows'
  end)
  answers.hover = ask('textDocument/hover', 1, 10)
  answers.definition = ask('textDocument/definition', 1, 7)
  answers.symbols = ask('textDocument/documentSymbol', 0, 0)

  -- An edit in a line behind an emoji, as the user types it; then a name that is not there.
  vim.api.nvim_buf_set_text(buffer, 2, 14, 2, 14, { ' WHERE f.' })
  answers.completion = ask('textDocument/completion', 2, 23)
  vim.api.nvim_buf_set_text(buffer, 2, 23, 2, 23, { 'no_such_column = 1' })
  vim.wait(TIMEOUT, function()
    return #vim.diagnostic.get(buffer) > 0
  end, 20)
  answers.diagnostics = {}
  for _, one in ipairs(vim.diagnostic.get(buffer)) do
    table.insert(answers.diagnostics, { line = one.lnum, column = one.col, message = one.message })
  end
  vim.api.nvim_buf_set_text(buffer, 2, 14, 2, #' WHERE f.no_such_column = 1' + 14, { " WHERE f.origin = '😀'" })
  vim.wait(TIMEOUT, function()
    return #vim.diagnostic.get(buffer) == 0
  end, 20)
  answers.left = #vim.diagnostic.get(buffer)
  answers.text = table.concat(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), '\n')
  client.stop()
  vim.wait(TIMEOUT, function()
    return client.is_stopped()
  end, 20)
  answers.stopped = client.is_stopped()
  finish(nil)
end

local fine, problem = pcall(run)
if not fine then
  finish(tostring(problem))
end
