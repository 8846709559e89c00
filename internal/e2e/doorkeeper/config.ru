# frozen_string_literal: true

require_relative "app"

# The server ends with whoever started it: at the end of its standard input.
Thread.new do
  $stdin.read
  Process.kill(:TERM, Process.pid)
end

run Provider
