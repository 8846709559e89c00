# frozen_string_literal: true

# An OAuth provider as GitLab runs one: the real Doorkeeper in a small Rails
# application, with GitLab's settings. For tests on the loopback interface only.
#
# Environment:
#   E2E_DIR         a directory of its own: the database lives there (required)
#   E2E_EXPIRES_IN  lifetime of an access token in seconds (7200, as GitLab's)
#   E2E_LOG         a file for the Rails log (none)
ENV["RAILS_ENV"] ||= "production"
dir = ENV.fetch("E2E_DIR")
ENV["DATABASE_URL"] = "sqlite3:#{File.join(dir, 'provider.sqlite3')}?pool=32"

require "rails"
require "active_record/railtie"
require "action_controller/railtie"
require "action_view/railtie"
require "active_record/connection_adapters/sqlite3_adapter"
require "doorkeeper"
require "rack/oauth2"

# Gives SQLite what GitLab's PostgreSQL gives: of two refreshes of one token the
# second waits for the first and then sees what it did. A transaction takes the
# write lock when it begins, and who waits for it lets other threads run.
module WritersTakeTurns
  def begin_db_transaction
    log("begin immediate transaction", "TRANSACTION") { raw_connection.transaction(:immediate) }
  end

  private

  def configure_connection
    super
    raw_connection.busy_handler { |tries| sleep(0.001) && tries < 20_000 }
    raw_connection.execute("PRAGMA journal_mode = WAL")
    raw_connection.execute("PRAGMA synchronous = OFF")
  end
end
ActiveRecord::ConnectionAdapters::SQLite3Adapter.prepend(WritersTakeTurns)

# Tokens and application secrets are stored as digests, so nothing can be shown
# twice: a lost answer stays lost, as on GitLab.
class DigestOnly < Doorkeeper::SecretStoring::Base
  def self.transform_secret(plain) = Digest::SHA512.hexdigest(plain)
  def self.allows_restoring_secrets? = false
end

class Provider < Rails::Application
  config.root = __dir__
  config.load_defaults 6.1
  config.eager_load = true
  config.consider_all_requests_local = false
  config.secret_key_base = SecureRandom.hex(64)
  config.hosts.clear
  config.logger = Logger.new(ENV["E2E_LOG"] || File::NULL)
  config.log_level = ENV["E2E_LOG"] ? :debug : :error
  config.active_record.migration_error = false
end

class User < ActiveRecord::Base
  # The user who is signed in and consents without a page, if a test named one.
  def self.approving = find_by(approves: true)
end

Doorkeeper.configure do
  orm :active_record
  default_generator_method :hex
  resource_owner_authenticator do
    User.find_by(id: session[:user_id]) || User.approving || begin
      session[:return_to] = request.fullpath
      redirect_to("/users/sign_in")
    end
  end
  skip_authorization { User.approving.present? }

  use_refresh_token
  access_token_expires_in Integer(ENV.fetch("E2E_EXPIRES_IN", "7200"))
  authorization_code_expires_in 600
  hash_token_secrets using: "::DigestOnly"
  hash_application_secrets using: "::DigestOnly"
  force_ssl_in_redirect_uri false

  default_scopes :api
  optional_scopes :read_api, :read_user, :read_repository, :write_repository, :read_registry, :write_registry,
                  :create_runner, :sudo, :openid, :profile, :email
  enforce_configured_scopes
  access_token_methods :from_access_token_param, :from_bearer_authorization, :from_bearer_param
  grant_flows %w[authorization_code client_credentials]
end

Provider.initialize!

ActiveRecord::Schema.verbose = false
ActiveRecord::Schema.define do
  create_table :users do |t|
    t.string :username, null: false, index: { unique: true }
    t.boolean :approves, null: false, default: false
  end
  create_table :oauth_applications do |t|
    t.string :name, null: false
    t.string :uid, null: false, index: { unique: true }
    t.string :secret, null: false
    t.text :redirect_uri, null: false
    t.string :scopes, null: false, default: ""
    t.boolean :confidential, null: false, default: true
    t.timestamps null: false
  end
  create_table :oauth_access_grants do |t|
    t.bigint :resource_owner_id, null: false
    t.bigint :application_id, null: false
    t.string :token, null: false, index: { unique: true }
    t.integer :expires_in, null: false
    t.text :redirect_uri, null: false
    t.string :scopes, null: false, default: ""
    t.string :code_challenge
    t.string :code_challenge_method
    t.datetime :created_at, null: false
    t.datetime :revoked_at
  end
  # Without previous_refresh_token, as in GitLab's table: a refresh revokes the
  # old pair in its own transaction.
  create_table :oauth_access_tokens do |t|
    t.bigint :resource_owner_id, index: true
    t.bigint :application_id
    t.string :token, null: false, index: { unique: true }
    t.string :refresh_token, index: { unique: true }
    t.integer :expires_in
    t.string :scopes
    t.datetime :created_at, null: false
    t.datetime :revoked_at
  end
end
[User, Doorkeeper::Application, Doorkeeper::AccessGrant, Doorkeeper::AccessToken].each(&:reset_column_information)

# GitLab still sends the two names that Doorkeeper gave up.
class TokenInfoController < Doorkeeper::TokenInfoController
  protected

  def doorkeeper_token_to_json
    info = doorkeeper_token.as_json
    info.merge("scopes" => info[:scope], "expires_in_seconds" => info[:expires_in])
  end
end

require_relative "api"
require_relative "control"
require_relative "login"

Provider.routes.draw do
  use_doorkeeper do
    controllers token_info: "token_info"
    skip_controllers :applications, :authorized_applications
  end
  get "/users/sign_in" => "login#show"
  post "/users/sign_in" => "login#create"
  mount Api.guarded => "/api/v4"
  scope("/-/e2e") do
    %w[versions application grant approve expire revoke state census].each { |action| post action, to: "control##{action}" }
  end
end
